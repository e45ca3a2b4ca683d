//! What followers keep in the store: how far each has come in each group, and what is due later.
//!
//! A *follower* works on stored events beside delivery (`hub::followers`). Nothing here rests on clocks of nodes.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;

use super::{Partition, StoreError};
use crate::domain::{GroupId, Head, Millis, Seq};

/// Which seqs of a group the store holds, by the group's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The group. One that was deleted is listed too: its `first` is that of a life to come, beyond its `head`.
    pub group: GroupId,
    /// The least seq that is there; what lies below was removed (retention, deletion).
    pub first: Seq,
    /// The newest event, as it was raised last ([`FollowerStore::raise_heads`]): a lower bound of what is stored.
    pub head: Head,
}

/// How far a follower has come in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Done {
    /// It has worked on all events up to this seq.
    pub seq: Seq,
    /// It has removed what it made of events below this seq.
    pub first: Seq,
}

/// How far followers have come.
#[async_trait]
pub trait FollowerStore: Send + Sync + 'static {
    /// Raises heads in the groups' documents; none ever goes back. For a group that does not exist nothing happens.
    async fn raise_heads(&self, heads: &[(GroupId, Head)]) -> Result<(), StoreError>;

    /// The extents of these groups; those that never existed, and those whose deletion is not finished, are missing.
    async fn extents(&self, groups: &[GroupId]) -> Result<Vec<Extent>, StoreError>;

    /// The extents of at most `limit` groups, by id, whose ids lie beyond `after`. Fewer than `limit`: these were the last.
    /// The cost does not grow with the depth.
    async fn extents_after(&self, after: Option<&GroupId>, limit: usize) -> Result<Vec<Extent>, StoreError>;

    /// How far a follower has come in these groups; those that it has not begun are missing.
    async fn done(&self, follower: &str, groups: &[GroupId]) -> Result<HashMap<GroupId, Done>, StoreError>;

    /// Raises how far a follower has come, in bulk; both parts by themselves, and neither ever goes back.
    async fn raise_done(&self, follower: &str, done: &[(GroupId, Done)]) -> Result<(), StoreError>;

    /// Of each partition, up to which commit number a follower has worked on all that moved; those that it has never
    /// gone through are missing.
    async fn covered(&self, follower: &str) -> Result<HashMap<Partition, u64>, StoreError>;

    /// Notes up to which commit number a follower has worked on all that moved. The last one noted stands, also when it is
    /// smaller: numbers begin anew with the backplane.
    async fn set_covered(&self, follower: &str, covered: &[(Partition, u64)]) -> Result<(), StoreError>;
}

/// Something that a follower is to do later. It never holds a text: it names a group and a seq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The follower that is to do it.
    pub follower: String,
    /// The group that it is about.
    pub group: GroupId,
    /// Which of the follower's things to do in that group; one of each (follower, group, window) is kept.
    pub window: u64,
    /// From when on, in Unix milliseconds by the store's clock.
    pub at: Millis,
    /// The event that it is about, where it is about one; 0 otherwise.
    pub seq: Seq,
}

/// An entry that somebody is doing. The claim ends by itself after a while, and another may claim it then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// What is to be done.
    pub due: Due,
    /// Tells this claim from later ones of the same entry.
    pub claim: String,
}

/// What is due later, by the store's clock.
#[async_trait]
pub trait DueStore: Send + Sync + 'static {
    /// Keeps entries. Of those with the same (follower, group, window) the first stands: a repeat changes nothing.
    async fn plan(&self, entries: &[Due]) -> Result<(), StoreError>;

    /// Claims at most `limit` of a follower's entries that are due and claimed by nobody, the earliest first, for `length`
    /// by the store's clock. Of several who claim at once each gets others.
    async fn claim(&self, follower: &str, limit: usize, length: Duration) -> Result<Vec<Claimed>, StoreError>;

    /// Removes entries that are done. One whose claim has ended and that another holds now stays.
    async fn settle(&self, claims: &[Claimed]) -> Result<(), StoreError>;

    /// How many entries of a follower are due and claimed by nobody, and how long the earliest has been due.
    async fn overdue(&self, follower: &str) -> Result<(u64, Duration), StoreError>;
}
