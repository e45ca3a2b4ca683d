//! Mentions in the store: a row for each user whom a text mentions, one where it mentions all. They are written with
//! other effects ([`MessageStore::apply_effects`](super::MessageStore::apply_effects)).

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{GroupId, Seq, UserId};

/// What mentions somebody in a group, and was not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadUpTo {
    /// The group.
    pub group: GroupId,
    /// Read up to here.
    pub read: Seq,
}

/// Mentions.
#[async_trait]
pub trait MentionStore: Send + Sync + 'static {
    /// How many texts above what a user has read mention them, or all, in each of these groups, in the same order.
    async fn mentions(&self, user: &UserId, of: &[ReadUpTo]) -> Result<Vec<u64>, StoreError>;
}
