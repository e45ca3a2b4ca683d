//! Reactions in the store: a row for each user, event and emoji. They are written with other effects
//! ([`MessageStore::apply_effects`](super::MessageStore::apply_effects)).

use std::collections::HashSet;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{Emoji, GroupId, ReactionKey, Seq, UserId};

/// Who reacts to an event, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reactor {
    /// Who.
    pub user: UserId,
    /// With what.
    pub emoji: Emoji,
    /// The event by which they do.
    pub seq: Seq,
}

/// Which reactions to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionPage {
    /// The event's group.
    pub group: GroupId,
    /// The event.
    pub target: Seq,
    /// With this emoji alone.
    pub emoji: Option<Emoji>,
    /// Those behind this one; with the same emoji, where one is asked for alone.
    pub after: Option<(Emoji, UserId)>,
    /// So many at most.
    pub limit: usize,
}

/// Reactions. What was taken back is none.
#[async_trait]
pub trait ReactionStore: Send + Sync + 'static {
    /// Those of these that stand.
    async fn reacted(&self, keys: &[ReactionKey]) -> Result<HashSet<ReactionKey>, StoreError>;

    /// How many react to each of these events with that emoji, in the same order: counted, from all that was written
    /// before.
    async fn reaction_counts(&self, of: &[(GroupId, Seq, Emoji)]) -> Result<Vec<u64>, StoreError>;

    /// A page of those who react to an event, by emoji and then by user, in the order of their bytes. The cost does not
    /// grow with how many there are.
    async fn reactors(&self, page: &ReactionPage) -> Result<Vec<Reactor>, StoreError>;
}
