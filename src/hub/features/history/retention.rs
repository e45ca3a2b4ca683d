//! Old messages are removed.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{GroupId, Millis, now_ms};
use crate::hub::node::NodeState;
use crate::hub::pipeline::owner::first_with;
use crate::ports::{GroupStates, GroupStore, MessageStore, NodeRole};

/// How often retention is seen to.
const EXPIRE_EVERY: Duration = Duration::from_secs(600);

/// Removes what is older than is kept.
pub(crate) struct Retention {
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
    states: Arc<dyn GroupStates>,
    node: Arc<NodeState>,
    /// `None` keeps everything.
    kept: Option<Duration>,
}

// === impl Retention ===

impl Retention {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        states: Arc<dyn GroupStates>,
        node: Arc<NodeState>,
        kept: Option<Duration>,
    ) -> Self {
        Self { messages, documents, states, node, kept }
    }

    /// Removes old messages of the groups whose partitions this node follows, where that is set.
    pub(crate) async fn run(self: Arc<Self>) {
        let Some(retention) = self.kept else { return };
        let mut tick = tokio::time::interval(EXPIRE_EVERY);
        loop {
            tick.tick().await;
            let before = now_ms() - retention.as_millis() as Millis;
            let mut page = 0;
            while let Ok(groups) = self.documents.all_groups(page, 100).await {
                if groups.is_empty() {
                    break;
                }
                page += 1;
                for group in groups {
                    let (view, me) = (self.node.view(), self.node.name());
                    let first = first_with(NodeRole::Followers, &view.nodes, self.node.partition(&group.id));
                    if first == Some(&me) {
                        self.expire(&group.id, before).await;
                    }
                }
            }
        }
    }

    /// Removes a group's messages from before a time, and lets followers know of it.
    async fn expire(&self, group: &GroupId, before: Millis) {
        match self.messages.expire(group, before).await {
            Ok(0) => {}
            Ok(_) => {
                // Followers compare all groups from time to time: one of which this was lost is found then.
                if self.states.note_move(self.node.partition(group), group).await.is_err() {
                    tracing::debug!(%group, "followers hear late of messages that were removed");
                }
            }
            Err(_) => tracing::debug!(%group, "old messages are still to be removed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, text};

    #[tokio::test]
    async fn a_group_that_lost_old_messages_is_noted_and_no_other() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], [1, 2].map(|seq| text(&id, seq, "anna"))));
        let (store, log) = (bed.store.clone(), bed.log.clone());
        let retention = Retention::new(store.clone(), store, log, bed.node.clone(), None);
        retention.expire(&id, 1).await;
        assert!(bed.log.noted.lock().is_empty());
        retention.expire(&id, 2).await;
        assert_eq!((bed.store.all(&id).len(), &*bed.log.noted.lock()), (1, &vec![id]));
    }
}
