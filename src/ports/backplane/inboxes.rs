//! Inboxes: one stream a node life, into which others put what that node must hear of.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::BackplaneError;
use crate::domain::NodeName;

/// How far an inbox was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct InboxPosition(pub u64, pub u64);

/// One entry of an inbox.
#[derive(Debug, Clone)]
pub struct InboxEntry {
    /// Its place.
    pub position: InboxPosition,
    /// What was put in, opaque to the backplane.
    pub payload: Bytes,
    /// When it was put in, in Unix milliseconds by the backplane's clock.
    pub time: crate::domain::Millis,
}

/// What a read of an inbox brought.
#[derive(Debug, Clone, Default)]
pub struct InboxRead {
    /// New entries in order.
    pub entries: Vec<InboxEntry>,
    /// The inbox was full or is gone: entries may be missing, so compare positions with the
    /// stored heads.
    pub lossy: bool,
}

/// The inboxes of all nodes. Not durable: a lost entry is found by comparing positions.
#[async_trait]
pub trait Inboxes: Send + Sync + 'static {
    /// Makes the inbox of a node life that begins. Until then nothing can be posted to it.
    async fn open_inbox(&self, node: &NodeName) -> Result<(), BackplaneError>;

    /// Posts to several nodes in one go. Each entry is added once or not at all; a node that is
    /// gone takes nothing; a full inbox is marked instead.
    async fn post(&self, posts: &[(NodeName, Bytes)]) -> Result<(), BackplaneError>;

    /// Reads the node's own inbox after a position, waiting up to `wait` for the first entry. What
    /// lies at or before `after` is no longer needed and may be dropped.
    async fn read_inbox(
        &self,
        node: &NodeName,
        after: InboxPosition,
        wait: Duration,
    ) -> Result<InboxRead, BackplaneError>;
}
