//! Old messages are removed.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Millis, now_ms};
use crate::hub::node::NodeState;
use crate::hub::pipeline::owner::first_with;
use crate::ports::{GroupStore, MessageStore, NodeRole};

/// How often retention is seen to.
const EXPIRE_EVERY: Duration = Duration::from_secs(600);

/// Removes what is older than is kept.
pub(crate) struct Retention {
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
    node: Arc<NodeState>,
    /// `None` keeps everything.
    kept: Option<Duration>,
}

// === impl Retention ===

impl Retention {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        node: Arc<NodeState>,
        kept: Option<Duration>,
    ) -> Self {
        Self { messages, documents, node, kept }
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
                    if first == Some(&me) && self.messages.expire(&group.id, before).await.is_err() {
                        tracing::debug!(group = %group.id, "old messages are still to be removed");
                    }
                }
            }
        }
    }
}
