//! Letters: what nodes are told of a batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::route::{Batch, RETRY_FIRST, RETRY_MOST, Routes};
use super::{Hub, Owned};
use crate::domain::{Event, GroupId, NodeName};
use crate::hub::wire::{Item, Letter};
use crate::ports::Commit;

/// Letters for other nodes, and what this one is told without a letter.
#[derive(Default)]
pub(super) struct Mail {
    letters: BTreeMap<NodeName, Vec<Item>>,
    own: Vec<Own>,
}

/// What this node is told itself: without a letter.
enum Own {
    Run(GroupId, Vec<Arc<Event>>),
    Note(Item),
}

impl Hub {
    /// What the nodes of each group are told of its events, and single nodes besides.
    pub(super) fn write_mail(
        &self,
        batch: &Batch,
        commit: &Commit,
        nodes: &Routes,
        notes: &[(NodeName, Item)],
    ) -> Mail {
        let me = self.node.name();
        let mut mail = Mail::default();
        for part in &commit.groups {
            let (Some(run), Some(nodes)) = (batch.groups.get(&part.group), nodes.get(&part.group)) else { continue };
            for node in nodes {
                if *node == me {
                    let events = run.events.values().cloned().collect();
                    mail.own.push(Own::Run(part.group.clone(), events));
                } else {
                    mail.letters.entry(node.clone()).or_default().push(Item::run(&part.group, &part.recent));
                }
            }
        }
        for (node, item) in notes {
            if *node == me {
                mail.own.push(Own::Note(item.clone()));
            } else {
                mail.letters.entry(node.clone()).or_default().push(item.clone());
            }
        }
        mail
    }

    pub(super) async fn send_mail(self: &Arc<Self>, owned: &Arc<Owned>, mail: Mail) {
        let Mail { letters, own } = mail;
        let others = !letters.is_empty();
        let here = async {
            if others {
                // The letters leave before this thread is busy with a write for each session here.
                tokio::task::yield_now().await;
            }
            own.into_iter().for_each(|own| self.take_own(own));
        };
        tokio::join!(self.post_letters(owned, letters), here);
    }

    fn take_own(self: &Arc<Self>, own: Own) {
        match own {
            Own::Run(group, events) => self.deliver(&group, events),
            Own::Note(item) => self.take_item(item),
        }
    }

    /// Posts, a few times if need be; what cannot be posted is found by comparing positions.
    async fn post_letters(self: &Arc<Self>, owned: &Arc<Owned>, letters: BTreeMap<NodeName, Vec<Item>>) {
        if letters.is_empty() {
            return;
        }
        let posts: Vec<_> = letters.into_iter().map(|(node, items)| (node, Letter::encode(items))).collect();
        let mut retry = RETRY_FIRST;
        while let Err(error) = self.backplane.post(&posts).await {
            self.metrics.backplane_error();
            if retry >= RETRY_MOST {
                tracing::warn!(%error, "letters were lost; their nodes are to be told");
                self.own_up(owned, posts.into_iter().map(|(node, _)| node));
                return;
            }
            tokio::time::sleep(retry).await;
            retry *= 2;
        }
    }

    /// Has nodes compare what they hold, as soon as they can be told: their sweeps would find what is
    /// missing in groups that they know, and not that a user of theirs is in a new one.
    fn own_up(self: &Arc<Self>, owned: &Arc<Owned>, nodes: impl Iterator<Item = NodeName>) {
        let mut uninformed = owned.uninformed.lock();
        let begins = uninformed.is_empty();
        uninformed.extend(nodes);
        if begins && !uninformed.is_empty() {
            let (hub, owned) = (self.clone(), owned.clone());
            self.spawn(async move { hub.inform(&owned).await });
        }
    }

    async fn inform(&self, owned: &Owned) {
        loop {
            tokio::time::sleep(RETRY_MOST).await;
            let posts: Vec<_> = {
                let mut uninformed = owned.uninformed.lock();
                let view = self.node.view();
                // A later life of a node compares by itself.
                uninformed.retain(|node| view.nodes.iter().any(|live| live.node == *node));
                if uninformed.is_empty() {
                    return;
                }
                uninformed.iter().map(|node| (node.clone(), Letter::encode(vec![Item::Missed]))).collect()
            };
            if self.backplane.post(&posts).await.is_ok() {
                let mut uninformed = owned.uninformed.lock();
                for (node, _) in &posts {
                    uninformed.remove(node);
                }
                if uninformed.is_empty() {
                    return;
                }
            }
        }
    }
}
