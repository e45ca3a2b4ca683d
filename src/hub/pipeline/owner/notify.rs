//! Peer messages: what nodes are told of a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::RETRY;
use super::batch::{Batch, Routes};
use crate::domain::{Event, GroupId, NodeName};
use crate::hub::codec::{PeerEvent, PeerMessage};
use crate::hub::node::NodeState;
use crate::hub::tasks::Tasks;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::{Commit, Inboxes};

/// How often nodes are told that peer messages to them were lost, until they know.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// Peer messages are tried for this long, in which all batches of their partition wait behind them.
pub(super) const POST_FOR: Duration = Duration::from_secs(1);

/// Tells nodes of batches.
pub(crate) struct Notifier {
    inboxes: Arc<dyn Inboxes>,
    node: Arc<NodeState>,
    upcalls: Arc<dyn Upcalls>,
    tasks: Tasks,
    /// Nodes that peer messages to were lost, and that are still to be told so.
    lossy_peers: Mutex<LossyPeers>,
}

/// Peer messages for other nodes, and what this one is told without a peer message.
#[derive(Default)]
struct Mail {
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
struct LossyPeers {
    nodes: BTreeSet<NodeName>,
    /// A task is telling them.
    telling: bool,
}

// === impl Notifier ===

impl Notifier {
    pub(crate) fn new(
        inboxes: Arc<dyn Inboxes>,
        node: Arc<NodeState>,
        upcalls: Arc<dyn Upcalls>,
        tasks: Tasks,
    ) -> Self {
        Self { inboxes, node, upcalls, tasks, lossy_peers: Mutex::default() }
    }

    /// Tells the nodes of each group of its events, and single nodes what the batch notes besides.
    pub(super) async fn tell(self: &Arc<Self>, batch: &Batch, commit: &Commit, nodes: &Routes) {
        let Mail { peer_messages, own } = self.write_mail(batch, commit, nodes);
        let others = !peer_messages.is_empty();
        let here = async {
            if others {
                // The peer messages leave before this thread is busy with a write for each session here.
                tokio::task::yield_now().await;
            }
            own.into_iter().for_each(|own| self.take_own(own));
        };
        tokio::join!(self.post_peer_messages(peer_messages), here);
    }

    /// What the nodes of each group are told of its events, and single nodes besides.
    fn write_mail(&self, batch: &Batch, commit: &Commit, nodes: &Routes) -> Mail {
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
        for (node, item) in &batch.notes {
            if *node == me {
                mail.own.push(Own::Note(item.clone()));
            } else {
                mail.peer_messages.entry(node.clone()).or_default().push(item.clone());
            }
        }
        mail
    }

    fn take_own(&self, own: Own) {
        match own {
            Own::Run(group, events) => self.upcalls.tell(Upcall::Stored { group: &group, events }),
            Own::Note(item) => self.upcalls.tell(Upcall::Peer(item)),
        }
    }

    /// Posts, each node for itself: the part of the backplane that holds one's inbox may be silent.
    async fn post_peer_messages(self: &Arc<Self>, peer_messages: BTreeMap<NodeName, Vec<PeerEvent>>) {
        let posts =
            peer_messages.into_iter().map(|(node, items)| self.post_peer_message(node, PeerMessage::encode(&items)));
        futures::future::join_all(posts).await;
    }

    /// Posts, a few times if need be, for as long as others behind it can well wait; what cannot be posted is found
    /// by comparing positions.
    async fn post_peer_message(self: &Arc<Self>, node: NodeName, peer_message: Bytes) {
        if self.lossy_peers.lock().nodes.contains(&node) {
            // It is still to be told to compare all its positions, and finds this then.
            return;
        }
        let started = Instant::now();
        let post = [(node, peer_message)];
        let mut retry = RETRY;
        while let Err(error) = self.inboxes.post(&post).await {
            if started.elapsed() >= POST_FOR || retry.is_at_most() {
                let [(node, _)] = post;
                tracing::warn!(%error, %node, "peer messages were lost; their node is to be told");
                return self.notify_lossy(node);
            }
            retry.pause().await;
        }
    }

    /// Has a node compare what it holds, as soon as it can be told: its sweeps would find what is missing
    /// in groups that it knows, and not that a user of its own is in a new one.
    fn notify_lossy(self: &Arc<Self>, node: NodeName) {
        let mut lossy_peers = self.lossy_peers.lock();
        lossy_peers.nodes.insert(node);
        if !std::mem::replace(&mut lossy_peers.telling, true) {
            let this = self.clone();
            self.tasks.spawn(async move { this.inform().await });
        }
    }

    /// Tells them until all are told.
    async fn inform(&self) {
        loop {
            tokio::time::sleep(TELL_EVERY).await;
            let view = self.node.view();
            let nodes = {
                let mut lossy_peers = self.lossy_peers.lock();
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
                let posted = self.inboxes.post(&post).await;
                let [(node, _)] = post;
                posted.err().map(|_| node)
            });
            let untold = futures::future::join_all(told).await;
            self.lossy_peers.lock().nodes.extend(untold.into_iter().flatten());
        }
    }
}
