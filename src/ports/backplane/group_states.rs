//! What the backplane keeps of each group while nodes live.
//!
//! A group's *state* is the last seq and `n` given, the stored head, the versioned member set, and what admins set that
//! decides who may do what, versioned as well. A state that is
//! absent is unknown, never 0: calls then answer `Unknown` or `None`, and the caller restores it from the store
//! ([`GroupStates::restore`]).
//!
//! A group that is deleted and made again goes on with its sequence ([`Base`]): cids and events whose seqs lie at or
//! below the base belong to an earlier life and count for nothing.

use async_trait::async_trait;
use bytes::Bytes;

use super::{BackplaneError, Partition};
use crate::domain::{Access, Base, GroupId, GroupKind, Head, Member, NodeName, Pinning, Role, Seq, UserId};

/// What the store knows of a group, to restore or raise its state in the backplane.
#[derive(Debug, Clone)]
pub struct GroupSnapshot {
    /// The group.
    pub group: GroupId,
    /// The newest stored event; all zero for a group without events.
    pub head: Head,
    /// What sort of group it is.
    pub kind: GroupKind,
    /// Who may join.
    pub access: Access,
    /// Who may pin.
    pub pinning: Pinning,
    /// Whether nothing is said in it any more.
    pub archived: bool,
    /// Up to which seq `access`, `pinning` and `archived` are complete.
    pub rules_version: Seq,
    /// The members, complete up to `version`.
    pub members: Vec<Member>,
    /// Up to which seq `members` is complete: that of the newest membership event, or a later one.
    pub version: Seq,
    /// Where the group's present life begins.
    pub base: Seq,
}

/// The states of all groups, and the events that were stored last.
#[async_trait]
pub trait GroupStates: Send + Sync + 'static {
    /// Raises a group's state to what the store knows: never lowers a counter, never replaces a
    /// member set of a higher version. A set of the same version is replaced, so that the store's
    /// stands where the two differ: after a loss, or when a change became a void. What admins set is raised in the same
    /// way, by its own version. Safe to repeat and to race.
    /// A state of an earlier life gives way. False, and nothing done, where the floor is itself of an earlier life, or
    /// of one that was forgotten. `origin` is who is said to have appended what a set without an admin makes necessary.
    async fn restore(
        &self,
        partition: Partition,
        origin: &NodeName,
        floor: &GroupSnapshot,
    ) -> Result<bool, BackplaneError>;

    /// Whether these users are members, by the member set; `None` when the state is absent.
    async fn roles(
        &self,
        partition: Partition,
        group: &GroupId,
        users: &[UserId],
    ) -> Result<Option<Vec<Option<Role>>>, BackplaneError>;

    /// Stored heads of these groups of one partition; `None` where the state is absent.
    async fn heads(&self, partition: Partition, groups: &[GroupId]) -> Result<Vec<Option<Head>>, BackplaneError>;

    /// Groups of this partition that moved after commit number `after`, with the number of the newest: their stored head
    /// did (by a commit or a restore), or [`GroupStates::note_move`] says so. Each comes with its stored head; `None` where
    /// the group's state is absent. Instead of groups `None`: too long ago to say, or state was lost: compare all, and join
    /// routes anew. Numbers are at least the backplane's time in microseconds, so that they grow also over a loss; ask for 0
    /// at first.
    async fn moved_since(
        &self,
        partition: Partition,
        after: u64,
    ) -> Result<(u64, Option<Vec<(GroupId, Option<Head>)>>), BackplaneError>;

    /// Lists a group among those that moved, under the next commit number, though nothing was committed. Where no moves
    /// are known nothing is done: whoever asks then compares all.
    async fn note_move(&self, partition: Partition, group: &GroupId) -> Result<(), BackplaneError>;

    /// Recently stored events of a group with a seq greater than `after`, encoded as they were
    /// committed, ascending and without a hole; empty when the cache does not reach back to
    /// `after` + 1.
    async fn recent(
        &self,
        partition: Partition,
        group: &GroupId,
        after: Seq,
    ) -> Result<Vec<(Seq, Bytes)>, BackplaneError>;

    /// Forgets everything of a group that is being deleted, of the life that began at `life`. Answers where a life to
    /// come begins: above all that was given, which is at least the store's head; where the state is absent, as much
    /// higher as a log holds. For a while nobody can restore what was forgotten. Where a later life is known already
    /// nothing is done.
    async fn forget_group(
        &self,
        partition: Partition,
        group: &GroupId,
        life: Seq,
        stored: Head,
    ) -> Result<Base, BackplaneError>;
}
