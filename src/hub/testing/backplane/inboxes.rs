//! Inboxes, in memory.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use super::Answer;
use crate::domain::NodeName;
use crate::hub::codec::{PeerEvent, PeerMessage};
use crate::hub::testing::link::Link;
use crate::ports::{InboxPosition, InboxRead, Inboxes};

/// Inboxes that keep what is posted, and give what is laid down to be read.
#[derive(Default)]
pub(crate) struct MemoryInboxes {
    posts: Mutex<Vec<(NodeName, Bytes)>>,
    /// What reads bring, in turn; nothing comes where there is none.
    pub(crate) reads: Mutex<VecDeque<Answer<InboxRead>>>,
    /// Whose inbox was read, and after what.
    pub(crate) read: Mutex<Vec<(String, InboxPosition)>>,
    link: Link,
}

// === impl MemoryInboxes ===

impl MemoryInboxes {
    /// What was posted since this was asked last, with its node.
    pub(crate) fn take(&self) -> Vec<(String, Vec<PeerEvent>)> {
        let posts = std::mem::take(&mut *self.posts.lock());
        posts.iter().map(|(node, post)| (node.to_string(), PeerMessage::decode(post).unwrap().items)).collect()
    }

    pub(crate) fn be_silent(&self, silent: bool) {
        self.link.be_silent(silent);
    }
}

#[async_trait]
impl Inboxes for MemoryInboxes {
    async fn open_inbox(&self, _: &NodeName) -> Answer<()> {
        self.link.shared(())
    }

    async fn post(&self, posts: &[(NodeName, Bytes)]) -> Answer<()> {
        self.link.answers()?;
        self.posts.lock().extend(posts.iter().cloned());
        Ok(())
    }

    async fn read_inbox(&self, node: &NodeName, after: InboxPosition, wait: Duration) -> Answer<InboxRead> {
        self.read.lock().push((node.to_string(), after));
        let laid_down = self.reads.lock().pop_front();
        match laid_down {
            Some(read) => read,
            None => {
                tokio::time::sleep(wait).await;
                Ok(InboxRead::default())
            }
        }
    }
}
