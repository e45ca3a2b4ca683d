//! Where sends get their place in their group's sequence.

use async_trait::async_trait;
use bytes::Bytes;

use super::{BackplaneError, Partition};
use crate::domain::{Cid, GroupId, Kind, Millis, NodeName, Role, RulesChange, Seq, Traits, UserId};

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
    /// An admin; in a direct chat nobody is one.
    Moderator,
    /// Somebody who may pin: an admin, or a member where [`Pinning::Members`](crate::domain::Pinning::Members) is set or
    /// the chat is a direct one.
    Pinner,
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
    /// The sender is a member, and nothing is said in the group any more.
    Archived,
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
    /// The actor joins or leaves by themself: joining needs [`Access::Open`](crate::domain::Access::Open).
    Oneself,
    /// The actor joins by themself and has shown the group's password: joining needs
    /// [`Access::Password`](crate::domain::Access::Password).
    Password,
    /// The actor joins by themself and was invited, whatever the group's access is.
    Invited,
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

/// A change of what admins set of a group, to append.
#[derive(Debug, Clone)]
pub struct UpdateRequest {
    /// The group.
    pub group: GroupId,
    /// The admin who makes it, as the member set says at the moment of the append.
    pub actor: UserId,
    /// What of it the group's state keeps as well.
    pub rules: RulesChange,
    /// All of it, opaque to the backplane.
    pub body: Bytes,
    /// The id of this change; the same (group, actor, cid) is appended once.
    pub cid: Cid,
}

/// What became of a change of a group: of its members, or of what admins set.
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
    /// The actor might, and the group is archived.
    Archived,
    /// More members than allowed.
    TooMany,
    /// The group would have members and no admin.
    NoAdmin,
    /// The group's state is absent: restore it, then try again.
    Unknown,
    /// The log is at its cap.
    Full,
}

/// The sequences of all groups: who appends gets the next place, and the event waits in its partition's log to be stored.
///
/// A group ([`GroupKind::Group`](crate::domain::GroupKind::Group)) that has members has an admin. Whatever would leave it without one (a change, a
/// restore, a reseq) makes, in the same step, the one who has been a member longest an admin ([`Member::since`](crate::domain::Member::since); of
/// several the one with the least id): by a [`Kind::Role`] event from [`UserId::hub`] right behind. The log's cap does
/// not stop it.
///
/// In a group that is archived members do nothing but leave, and admins nothing but [`Sequencer::change_group`].
#[async_trait]
pub trait Sequencer: Send + Sync + 'static {
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

    /// Checks a change of what admins set, applies it to the group's state and appends it as an event of kind
    /// [`Kind::Updated`], in one step. A repeat of one that was accepted is answered `Accepted` with the seq that it got
    /// then. Nobody changes a direct chat, or a group of a kind that is not known.
    async fn change_group(
        &self,
        partition: Partition,
        origin: &NodeName,
        change: &UpdateRequest,
    ) -> Result<ChangeOutcome, BackplaneError>;

    /// Forgets a cid, so that its sender may try again: its event was refused by the store.
    async fn forget_cid(
        &self,
        partition: Partition,
        group: &GroupId,
        from: &UserId,
        cid: &Cid,
    ) -> Result<(), BackplaneError>;
}
