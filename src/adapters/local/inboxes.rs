//! [`Inboxes`] in process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::LocalBackplane;
use super::inbox::Inbox;
use crate::domain::NodeName;
use crate::ports::{BackplaneError, InboxPosition, InboxRead, Inboxes};

impl LocalBackplane {
    /// The node's inbox; made anew when it is gone, unless the node has been reaped.
    fn own_inbox(&self, node: &NodeName, after: InboxPosition) -> Option<Arc<Inbox>> {
        if self.nodes.lock().is_reaped(node) {
            return None;
        }
        let inbox = self.inboxes.entry(node.clone()).or_insert_with(|| Arc::new(Inbox::instead(after)));
        Some(Arc::clone(&inbox))
    }
}

#[async_trait]
impl Inboxes for LocalBackplane {
    async fn open_inbox(&self, node: &NodeName) -> Result<(), BackplaneError> {
        self.inboxes.entry(node.clone()).or_default();
        Ok(())
    }

    async fn post(&self, posts: &[(NodeName, Bytes)]) -> Result<(), BackplaneError> {
        let now = self.clock.now();
        for (node, payload) in posts {
            let inbox = self.inboxes.get(node).map(|inbox| Arc::clone(&inbox));
            if let Some(inbox) = inbox {
                inbox.post(payload, now, self.limits.inbox_cap);
            }
        }
        Ok(())
    }

    async fn read_inbox(
        &self,
        node: &NodeName,
        after: InboxPosition,
        wait: Duration,
    ) -> Result<InboxRead, BackplaneError> {
        let deadline = Instant::now() + wait;
        let Some(inbox) = self.own_inbox(node, after) else {
            tokio::time::sleep_until(deadline).await;
            return Ok(InboxRead { entries: Vec::new(), lossy: true });
        };
        loop {
            let posted = inbox.posted.notified();
            tokio::pin!(posted);
            posted.as_mut().enable();
            let read = inbox.read(after);
            let found = !read.entries.is_empty() || read.lossy;
            if found || timeout_at(deadline, posted).await.is_err() {
                return Ok(read);
            }
        }
    }
}
