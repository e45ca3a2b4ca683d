//! The partition logs: where sends get their place in the sequence and wait to be stored.
//!
//! A group belongs to one partition. Per group the backplane keeps a *state*: the last seq and `n`
//! given, the stored head, and the versioned member set. A state that is absent is unknown, never 0:
//! calls then answer `Unknown`, and the caller restores it from the store ([`Log::restore`]).
//!
//! A group that is deleted and made again goes on with its sequence ([`Base`]): cids and events whose seqs lie at or
//! below the base belong to an earlier life and count for nothing.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{BackplaneError, LeaseToken};
use crate::domain::{
    Access, Base, Cid, GroupId, GroupKind, Head, Kind, Member, Millis, NodeName, Role, Seq, Traits, UserId,
};

/// Number of a partition, from 0.
pub type Partition = u16;

/// Place of an entry in a partition's log: Redis Streams' `ms-n`, ordered by both parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u64, pub u64);

/// What is to be appended to a group's sequence.
#[derive(Debug, Clone)]
pub struct Append {
    /// The group.
    pub group: GroupId,
    /// Who sends it.
    pub from: UserId,
    /// The sender's id for it.
    pub cid: Cid,
    /// What sort of event it is.
    pub kind: Kind,
    /// How it is numbered and what it does, kept with it for good.
    pub traits: Traits,
    /// The rest of the event (text, ref, data), opaque to the backplane.
    pub body: Bytes,
    /// What its sender must be.
    pub standing: Standing,
}

/// What a sender must be in the group, as the member set says at the moment of the append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: for the hub and its services.
    Anybody,
    /// A member.
    Member,
    /// An admin; in a direct chat, which has none, a member.
    Admin,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log with this seq, to be stored next.
    Accepted {
        /// The seq given.
        seq: Seq,
        /// `n` at that seq.
        n: u64,
        /// The backplane's time of it.
        time: Millis,
    },
    /// The same group, sender and cid were seen before, and got this seq. Not an ack: whether it
    /// was stored is for the caller to find out.
    Seen {
        /// The seq that it got then.
        seq: Seq,
    },
    /// The sender is not a member.
    NotMember,
    /// The sender is a member and would have to be an admin.
    NotAdmin,
    /// The group's state is absent: restore it, then append again.
    Unknown,
    /// The log is at its cap.
    Full,
}

/// Who may make a membership change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// The actor must be an admin of the group.
    Admin,
    /// The actor joins or leaves by themself: joining needs [`Access::Open`].
    Oneself,
    /// The hub itself: creation, services, operators.
    Hub,
}

/// A membership change to append. Users for whom nothing would change are left out; when nobody is
/// left, nothing is appended.
#[derive(Debug, Clone)]
pub struct ChangeRequest {
    /// The group.
    pub group: GroupId,
    /// Who makes the change.
    pub actor: UserId,
    /// [`Kind::Joined`], [`Kind::Left`] or [`Kind::Role`].
    pub kind: Kind,
    /// The role that the users get (for joined and role).
    pub role: Role,
    /// Whom it is about.
    pub users: Vec<UserId>,
    /// Who may do it.
    pub permission: Permission,
    /// How many members the group may have at most.
    pub max_members: usize,
    /// The id of this change; the same (group, actor, cid) is appended once.
    pub cid: Cid,
}

/// What became of a membership change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// Appended. The member set in the backplane contains it already.
    Accepted {
        /// The seq of the newest event that it brought: its own, or that of the event behind it by which somebody
        /// became admin. For a repeat its own.
        seq: Seq,
    },
    /// Nothing to change.
    Unchanged,
    /// The actor may not do this.
    Forbidden,
    /// More members than allowed.
    TooMany,
    /// The group would have members and no admin.
    NoAdmin,
    /// The group's state is absent: restore it, then try again.
    Unknown,
    /// The log is at its cap.
    Full,
}

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
    /// The members, complete up to `version`.
    pub members: Vec<Member>,
    /// Up to which seq `members` is complete: that of the newest membership event, or a later one.
    pub version: Seq,
    /// Where the group's present life begins.
    pub base: Seq,
}

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
    /// Whether peer messages were posted: to each node of the commit's reach those of the groups that it has a
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

/// The partition logs with their consumer group `fanout`, and each group's state.
///
/// A group ([`GroupKind::Group`]) that has members has an admin. Whatever would leave it without one (a change, a
/// restore, a reseq) makes, in the same step, the one who has been a member longest an admin ([`Member::since`]; of
/// several the one with the least id): by a [`Kind::Role`] event from [`UserId::hub`] right behind. The log's cap does
/// not stop it.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Appends to the log of one partition, in order. Each group gets its next seqs without a gap.
    /// One answer for each append, in the same order. `origin` hears of them through the batch.
    ///
    /// An append whose answer is lost may have happened; repeating it with the same cid is safe.
    async fn append(
        &self,
        partition: Partition,
        origin: &NodeName,
        appends: &[Append],
    ) -> Result<Vec<Appended>, BackplaneError>;

    /// Checks, applies to the member set and appends a membership change, in one step. A repeat of
    /// one that was accepted is answered `Accepted` with the seq that it got then.
    async fn change_members(
        &self,
        partition: Partition,
        origin: &NodeName,
        change: &ChangeRequest,
    ) -> Result<ChangeOutcome, BackplaneError>;

    /// Raises a group's state to what the store knows: never lowers a counter, never replaces a
    /// member set of a higher version. A set of the same version is replaced, so that the store's
    /// stands where the two differ: after a loss, or when a change became a void. Safe to repeat and to race.
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
    /// The entry comes again through [`Log::read_log`]; a membership change is applied to the member
    /// set once more, under the new seq. When its cid has meanwhile got another seq, or the entry is
    /// not pending, nothing is appended. When the group's state is absent, or the entry is of an earlier life, it
    /// is acked and its cid forgotten: the sender's repeat begins anew.
    async fn reseq(&self, reseq: &Reseq) -> Result<(), CommitError>;

    /// Forgets a cid, so that its sender may try again: its event was refused by the store.
    async fn forget_cid(
        &self,
        partition: Partition,
        group: &GroupId,
        from: &UserId,
        cid: &Cid,
    ) -> Result<(), BackplaneError>;

    /// Stored heads of these groups of one partition; `None` where the state is absent.
    async fn heads(&self, partition: Partition, groups: &[GroupId]) -> Result<Vec<Option<Head>>, BackplaneError>;

    /// Groups of this partition whose stored head moved (by a commit or a restore) after commit
    /// number `after`, with the number of the newest. `None`: too long ago to say, or state was lost:
    /// compare all, and join routes anew. Numbers grow also over a loss; ask for 0 at first.
    async fn moved_since(
        &self,
        partition: Partition,
        after: u64,
    ) -> Result<(u64, Option<Vec<(GroupId, Head)>>), BackplaneError>;

    /// Recently stored events of a group with a seq greater than `after`, encoded as they were
    /// committed, ascending and without a hole; empty when the cache does not reach back to
    /// `after` + 1.
    async fn recent(
        &self,
        partition: Partition,
        group: &GroupId,
        after: Seq,
    ) -> Result<Vec<(Seq, Bytes)>, BackplaneError>;

    /// Length, pending and lag of a partition's log.
    async fn log_stats(&self, partition: Partition) -> Result<LogStats, BackplaneError>;

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
