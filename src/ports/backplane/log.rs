//! The partition logs: where sends wait for the owner of their partition to store them.
//!
//! A group belongs to one partition.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{BackplaneError, LeaseToken, Partition};
use crate::domain::{Cid, GroupId, Head, Kind, Millis, NodeName, Role, RulesChange, Seq, Traits, UserId};

/// Place of an entry in a partition's log: Redis Streams' `ms-n`, ordered by both parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u64, pub u64);

/// One entry of a partition's log.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// Its place in the log.
    pub id: EntryId,
    /// The group.
    pub group: GroupId,
    /// The seq that append gave.
    pub seq: Seq,
    /// `n` at that seq.
    pub n: u64,
    /// How many events up to that seq are shown.
    pub shown: u64,
    /// The backplane's time of the append.
    pub time: Millis,
    /// The group's stored head as it was at the append: a lower bound of what is stored.
    pub stored: Seq,
    /// The node that appended it and waits to hear of it.
    pub origin: NodeName,
    /// Who sent it.
    pub from: UserId,
    /// The sender's id for it.
    pub cid: Cid,
    /// What sort of event it is.
    pub kind: Kind,
    /// How it was numbered, and what it does.
    pub traits: Traits,
    /// For membership events: whom it is about, and the role. Empty otherwise.
    pub users: Vec<UserId>,
    /// The role, for joined and role.
    pub role: Role,
    /// For changes of what admins set: what of it the group's state keeps as well.
    pub rules: RulesChange,
    /// Text, ref and data as they were given to append; empty for membership events.
    pub body: Bytes,
}

/// What a read of the log brought: entries of one partition in the order of their ids.
#[derive(Debug, Clone, Default)]
pub struct LogRead {
    /// The partition.
    pub partition: Partition,
    /// Entries, delivered to this consumer only. They stay pending until acked by a commit.
    pub entries: Vec<LogEntry>,
    /// Entries of a form that this version does not know, with what is wrong with them. Pending as well, until an
    /// owner of a version that knows them claims them.
    pub unreadable: Vec<(EntryId, BackplaneError)>,
    /// Why more of this partition could not be read: its part of the backplane does not answer.
    pub error: Option<BackplaneError>,
}

// === impl LogEntry ===

impl LogEntry {
    /// How far the group has come with it.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, n: self.n, shown: self.shown, time: self.time }
    }
}

// === impl LogRead ===

impl LogRead {
    /// Reads of these partitions that all failed for the same reason.
    pub fn all_failed(partitions: &[Partition], error: &BackplaneError) -> Vec<Self> {
        let failed =
            |partition: &Partition| Self { partition: *partition, error: Some(error.clone()), ..Self::default() };
        partitions.iter().map(failed).collect()
    }
}

/// One group's part in a commit.
#[derive(Debug, Clone)]
pub struct GroupCommit {
    /// The group.
    pub group: GroupId,
    /// The contiguous stored head that this batch reaches.
    pub head: Head,
    /// The stored events of this batch, encoded, ascending: for the recent cache.
    pub recent: Vec<(Seq, Bytes)>,
    /// The newest of them that deletes another one: the cache keeps nothing from below it. `None` where none does.
    pub erased_at: Option<Seq>,
    /// What the nodes in [`Commit::hinted`] are told of it, where they have a route or ask.
    pub peer_message: Bytes,
    /// Nodes that are told whether they have a route or not: they wait to hear of a send.
    pub askers: Vec<NodeName>,
}

/// A batch that is stored, in one partition.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The partition.
    pub partition: Partition,
    /// Proof of ownership.
    pub token: LeaseToken,
    /// Entries whose events are stored *and* handed to the inboxes: acked now, and the log trimmed
    /// behind the oldest entry still pending.
    pub done: Vec<EntryId>,
    /// The groups that move on. May be empty (only acks).
    pub groups: Vec<GroupCommit>,
    /// Nodes that are probably concerned. A backplane whose inboxes are where its logs are tells them in
    /// the same step, which saves a round trip; another one leaves that to [`Inboxes::post`].
    ///
    /// [`Inboxes::post`]: super::Inboxes::post
    pub hinted: Vec<NodeName>,
}

/// What a commit found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// For each group of the commit the nodes that have a route for it.
    pub routes: Vec<Vec<NodeName>>,
    /// For each group of the commit where its present life begins, as far as that is known here; a deleted group has
    /// its next life's. Events at or below it were stored too late: nobody is to see them.
    pub bases: Vec<Option<Seq>>,
    /// Whether peer messages were posted: to each node that the commit hints at those of the groups that it has a
    /// route for or asks about. All others are still to be told, as is everybody of a group whose base is unknown,
    /// or above any of the events.
    pub told: bool,
}

/// Why a commit did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// The lease is somebody else's, or nobody's. Nothing was changed.
    #[error("the partition's lease is no longer held")]
    LeaseLost,
    /// See [`BackplaneError`].
    #[error(transparent)]
    Backplane(#[from] BackplaneError),
}

/// An entry whose seq turned out to be taken by another event in the store.
#[derive(Debug, Clone)]
pub struct Reseq {
    /// The partition.
    pub partition: Partition,
    /// Proof of ownership.
    pub token: LeaseToken,
    /// The entry to move; it is acked and appended anew in one step.
    pub entry: LogEntry,
    /// The store's head: the new seq lies above it.
    pub floor: Head,
}

/// A partition's log as its keeper sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogStats {
    /// Entries in the log.
    pub length: u64,
    /// Entries delivered to an owner and not yet acked.
    pub pending: u64,
    /// Entries not yet delivered to any owner.
    pub lag: u64,
}

/// The partition logs with their consumer group `fanout`, as their owners use them.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Reads new entries of these partitions, waiting up to `wait` for the first. A call with
    /// other partitions than the one before may begin at once. May be given up: what it was handed by
    /// then comes with the next call, or is pending. Where parts of the backplane fail apart from each
    /// other, those that fail are told with what the others brought; an `Err` concerns all.
    async fn read_log(
        &self,
        consumer: &NodeName,
        partitions: &[Partition],
        wait: Duration,
    ) -> Result<Vec<LogRead>, BackplaneError>;

    /// Takes over everything that is pending in the partition, from all consumers (also from
    /// `consumer` itself), in the order of the log.
    async fn claim(&self, consumer: &NodeName, partition: Partition) -> Result<LogRead, BackplaneError>;

    /// Acks, advances stored heads, fills the recent cache, trims, reads the routes, and posts peer messages where
    /// it can: all in one step, or nothing. Safe to repeat; peer messages are then posted once more.
    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError>;

    /// Gives an entry a new seq above the store's head, in one step with forgetting the old one.
    /// The entry comes again through [`Log::read_log`]; a change is applied to the group's state
    /// once more, under the new seq. When its cid has meanwhile got another seq, or the entry is
    /// not pending, nothing is appended. When the group's state is absent, or the entry is of an earlier life, it
    /// is acked and its cid forgotten: the sender's repeat begins anew.
    async fn reseq(&self, reseq: &Reseq) -> Result<(), CommitError>;

    /// Length, pending and lag of a partition's log.
    async fn log_stats(&self, partition: Partition) -> Result<LogStats, BackplaneError>;
}
