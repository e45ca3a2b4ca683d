//! Peer messages: what nodes are told of a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::route::{Batch, POST_FOR, Routes};
use super::{Hub, Owned, RETRY};
use crate::domain::{Event, GroupId, NodeName};
use crate::hub::codec::{PeerEvent, PeerMessage};
use crate::ports::Commit;

/// How often nodes are told that peer messages to them were lost, until they know.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Peer messages for other nodes, and what this one is told without a peer message.
#[derive(Default)]
pub(super) struct Mail {
    peer_messages: BTreeMap<NodeName, Vec<PeerEvent>>,
    own: Vec<Own>,
}

/// What this node is told itself: without a peer message.
enum Own {
    Run(GroupId, Vec<Arc<Event>>),
    Note(PeerEvent),
}

/// Nodes whose peer messages were lost and who do not know it.
#[derive(Default)]
pub(super) struct LossyPeers {
    nodes: BTreeSet<NodeName>,
    /// A task is telling them.
    telling: bool,
}

impl Hub {
    /// What the nodes of each group are told of its events, and single nodes besides.
    pub(super) fn write_mail(
        &self,
        batch: &Batch,
        commit: &Commit,
        nodes: &Routes,
        notes: &[(NodeName, PeerEvent)],
    ) -> Mail {
        let me = self.node.name();
        let mut mail = Mail::default();
        for part in &commit.groups {
            let (Some(run), Some(nodes)) = (batch.groups.get(&part.group), nodes.get(&part.group)) else { continue };
            for node in nodes.iter().filter(|_| !part.recent.is_empty()) {
                if *node == me {
                    let events = run.events.values().cloned().collect();
                    mail.own.push(Own::Run(part.group.clone(), events));
                } else {
                    mail.peer_messages.entry(node.clone()).or_default().push(PeerEvent::run(&part.group, &part.recent));
                }
            }
        }
        for (node, item) in notes {
            if *node == me {
                mail.own.push(Own::Note(item.clone()));
            } else {
                mail.peer_messages.entry(node.clone()).or_default().push(item.clone());
            }
        }
        mail
    }

    pub(super) async fn send_mail(self: &Arc<Self>, owned: &Arc<Owned>, mail: Mail) {
        let Mail { peer_messages, own } = mail;
        let others = !peer_messages.is_empty();
        let here = async {
            if others {
                // The peer messages leave before this thread is busy with a write for each session here.
                tokio::task::yield_now().await;
            }
            own.into_iter().for_each(|own| self.take_own(own));
        };
        tokio::join!(self.post_peer_messages(owned, peer_messages), here);
    }

    fn take_own(self: &Arc<Self>, own: Own) {
        match own {
            Own::Run(group, events) => self.deliver(&group, events),
            Own::Note(item) => self.take_item(item),
        }
    }

    /// Posts, each node for itself: the part of the backplane that holds one's inbox may be silent.
    async fn post_peer_messages(
        self: &Arc<Self>,
        owned: &Arc<Owned>,
        peer_messages: BTreeMap<NodeName, Vec<PeerEvent>>,
    ) {
        let posts = peer_messages
            .into_iter()
            .map(|(node, items)| self.post_peer_message(owned, node, PeerMessage::encode(&items)));
        futures::future::join_all(posts).await;
    }

    /// Posts, a few times if need be, for as long as others behind it can well wait; what cannot be posted is found
    /// by comparing positions.
    async fn post_peer_message(self: &Arc<Self>, owned: &Arc<Owned>, node: NodeName, peer_message: Bytes) {
        if owned.lossy_peers.lock().nodes.contains(&node) {
            // It is still to be told to compare all its positions, and finds this then.
            return;
        }
        let started = Instant::now();
        let post = [(node, peer_message)];
        let mut retry = RETRY;
        while let Err(error) = self.backplane.post(&post).await {
            if started.elapsed() >= POST_FOR || retry.is_at_most() {
                let [(node, _)] = post;
                tracing::warn!(%error, %node, "peer messages were lost; their node is to be told");
                return self.notify_lossy(owned, node);
            }
            retry.pause().await;
        }
    }

    /// Has a node compare what it holds, as soon as it can be told: its sweeps would find what is missing
    /// in groups that it knows, and not that a user of its own is in a new one.
    fn notify_lossy(self: &Arc<Self>, owned: &Arc<Owned>, node: NodeName) {
        let mut lossy_peers = owned.lossy_peers.lock();
        lossy_peers.nodes.insert(node);
        if !std::mem::replace(&mut lossy_peers.telling, true) {
            let (hub, owned) = (self.clone(), owned.clone());
            self.spawn(async move { hub.inform(&owned).await });
        }
    }

    /// Tells them until all are told.
    async fn inform(&self, owned: &Owned) {
        loop {
            tokio::time::sleep(TELL_EVERY).await;
            let view = self.node.view();
            let nodes = {
                let mut lossy_peers = owned.lossy_peers.lock();
                // A later life of a node compares by itself.
                lossy_peers.nodes.retain(|node| view.nodes.iter().any(|live| live.node == *node));
                lossy_peers.telling = !lossy_peers.nodes.is_empty();
                // Before they are told, so that no peer message is left out once they compare.
                std::mem::take(&mut lossy_peers.nodes)
            };
            if nodes.is_empty() {
                return;
            }
            let told = nodes.into_iter().map(|node| async move {
                let post = [(node, PeerMessage::encode(&[PeerEvent::Missed]))];
                let posted = self.backplane.post(&post).await;
                let [(node, _)] = post;
                posted.err().map(|_| node)
            });
            let untold = futures::future::join_all(told).await;
            owned.lossy_peers.lock().nodes.extend(untold.into_iter().flatten());
        }
    }
}
