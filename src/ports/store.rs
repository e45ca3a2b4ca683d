//! The store: what is in it is what was said.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{DueStore, FollowerStore, InviteStore, MentionStore, ProfileStore, ReactionStore, StartError, StoreError};
use crate::domain::{
    Base, Cid, Device, Effect, Event, Group, GroupId, GroupUpdate, Head, Mark, MembershipChange, Millis, PasswordHash,
    Profile, Seq, User, UserId, WordPlace,
};

/// What became of one event of a bulk insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// Stored, with majority concern.
    Stored,
    /// Not stored: (group, seq) or (group, sender, cid) is taken. Which, and by what, is for the
    /// caller to read.
    Duplicate,
    /// Not stored, and never will be: the store refuses this document.
    Refused(String),
    /// Unknown: the store failed before it came to this one.
    Unknown(String),
}

/// How far the deletion of a group has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// Where the life began that ends (the seq of its base).
    pub life: Seq,
    /// Where a life to come begins, once that is stored.
    pub base: Option<Base>,
}

/// A page of a group's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The newest `limit` events before a seq (exclusive); `Seq::MAX` for the newest of all.
    Before(Seq, usize),
    /// The oldest `limit` events after a seq (exclusive).
    After(Seq, usize),
    /// The newest `limit` of those events that are shown and whose number among them (`shown`) is below one; the cost
    /// does not grow with the depth.
    Shown(u64, usize),
}

/// Messages. Reads see what was written with majority concern.
#[async_trait]
pub trait MessageStore: Send + Sync + 'static {
    /// Inserts all events, unordered, with one answer each in the same order. `Stored` means
    /// durable: majority concern, or synced to disk. An `Err` means that nothing is known of any.
    async fn insert(&self, events: &[Event]) -> Result<Vec<Inserted>, StoreError>;

    /// The event under (group, seq), from the primary.
    async fn event(&self, group: &GroupId, seq: Seq) -> Result<Option<Event>, StoreError>;

    /// The event that this sender stored with this cid, whatever its seq, in the group's present life.
    async fn event_by_cid(&self, group: &GroupId, from: &UserId, cid: &Cid) -> Result<Option<Event>, StoreError>;

    /// The events under several (group, seq), in whatever order; those that are not there are missing.
    async fn events(&self, ids: &[(GroupId, Seq)]) -> Result<Vec<Event>, StoreError>;

    /// A page of history, ascending. The cost does not grow with the length of the history.
    async fn page(&self, group: &GroupId, page: Page) -> Result<Vec<Event>, StoreError>;

    /// Brings events' states up to effects, in bulk. Each may be repeated, and come in any order and late: what the
    /// event of the greatest seq said stands. For an event that is not there nothing happens.
    async fn apply_effects(&self, effects: &[Effect]) -> Result<(), StoreError>;

    /// Removes what stands beside messages that are deleted: rows by which they, or what became of them, were found.
    /// What is read leaves these out without it.
    async fn clear_rows(&self, deleted: &[(GroupId, Seq)]) -> Result<(), StoreError>;

    /// The newest `limit` events of a group that are pinned, newest first.
    async fn pins(&self, group: &GroupId, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// A page of the replies to an event that stand, ascending; by seq, since they have no numbers of their own. The cost
    /// does not grow with how many there are.
    async fn replies(&self, group: &GroupId, target: Seq, page: Page) -> Result<Vec<Event>, StoreError>;

    /// The newest stored event's seq, `n` and time; all zero when the group has none.
    async fn head(&self, group: &GroupId) -> Result<Head, StoreError>;

    /// The newest `page` of all messages in the store, newest first, for the internal API. What
    /// nodes send to themselves ([`UserId::probe`]) is not among them.
    async fn all_messages(&self, page: usize, per_page: usize) -> Result<Vec<Event>, StoreError>;

    /// Removes a group's events older than `before`, never its newest one, and raises the group's
    /// `first`, before anything is removed. What is left has no holes. Answers how many were
    /// removed.
    async fn expire(&self, group: &GroupId, before: Millis) -> Result<u64, StoreError>;
}

/// Groups.
#[async_trait]
pub trait GroupStore: Send + Sync + 'static {
    /// Stores a new group; false when the id is taken already (the stored one stands), also by one whose deletion is
    /// not done. A group that was deleted begins anew: `base` is then where its deletion ended, and `version` and
    /// `first` follow from it. The members' own lists of groups follow with the first membership event.
    async fn create_group(&self, group: &Group) -> Result<bool, StoreError>;

    /// A group by its id.
    async fn group(&self, id: &GroupId) -> Result<Option<Group>, StoreError>;

    /// Several groups by their ids; those that do not exist are missing.
    async fn groups(&self, ids: &[GroupId]) -> Result<Vec<Group>, StoreError>;

    /// Brings the group's document and the users' lists of groups up to the membership event
    /// `seq`; users who join are made when there is no such user yet. A group's events come in
    /// order the first time; each may come again at any time later and changes nothing then
    /// ([`Group::apply`]). For a group that does not exist, or an event of an earlier life, nothing happens.
    async fn apply_membership(&self, group: &GroupId, seq: Seq, change: &MembershipChange) -> Result<(), StoreError>;

    /// Brings what admins set of a group up to the event `seq`. It may come again, late, and in any order
    /// ([`Group::update`]). For a group that does not exist, or an event of an earlier life, nothing happens.
    async fn apply_update(&self, group: &GroupId, seq: Seq, update: &GroupUpdate) -> Result<(), StoreError>;

    /// Sets a group's password, in its life that began at `life`. In another, and where there is no such group, nothing
    /// happens.
    async fn set_group_password(&self, group: &GroupId, life: Seq, password: &PasswordHash) -> Result<(), StoreError>;

    /// A page of all groups, by id, for services and operators.
    async fn all_groups(&self, page: usize, per_page: usize) -> Result<Vec<Group>, StoreError>;

    /// Marks a group as deleted: from then on nobody finds it. `None` when there is none, or nothing is left to be
    /// done of its deletion.
    async fn begin_deletion(&self, id: &GroupId) -> Result<Option<Deletion>, StoreError>;

    /// How far the deletion of a group has come; `None` of one that is there, and where there never was one.
    async fn deletion(&self, id: &GroupId) -> Result<Option<Deletion>, StoreError>;

    /// Does what is left of a deletion: the group's messages, its name, members and invites, and its entries in the users'
    /// lists, in their marks and in those of their devices are removed, and `base` is kept for a life to come. Repeat it
    /// when it fails half-way. Touches nothing of a life that began meanwhile.
    async fn finish_deletion(&self, id: &GroupId, deletion: &Deletion, base: Base) -> Result<(), StoreError>;

    /// Removes messages of a group's earlier lives, which were stored too late to be deleted with it.
    async fn sweep_group(&self, id: &GroupId) -> Result<(), StoreError>;
}

/// Users.
#[async_trait]
pub trait UserStore: Send + Sync + 'static {
    /// The user with this id; made with this profile when there is none yet. Fields of the stored
    /// profile that are empty (somebody was added to a group before they were ever here) are
    /// filled, others stay, as do all of a banned user.
    async fn ensure_user(&self, id: &UserId, profile: &Profile) -> Result<User, StoreError>;

    /// A user by id.
    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError>;

    /// Several users by id; those that do not exist are missing.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// Makes a user with a password; false when the id is taken, or the username by another
    /// account: one that is equal by its [`name_key`](crate::domain::name_key). Users without a password may share a
    /// username with anybody.
    async fn create_account(&self, id: &UserId, profile: &Profile, password: &str) -> Result<bool, StoreError>;

    /// A user by username, equal by its [`name_key`](crate::domain::name_key); of several with the same one the account.
    async fn user_by_username(&self, username: &str) -> Result<Option<User>, StoreError>;

    /// Users whose username begins so, both in the form for searches ([`search_form`](crate::domain::search_form)), in
    /// the order of that form, `limit` at most.
    async fn find_users(&self, prefix: &str, limit: usize) -> Result<Vec<User>, StoreError>;

    /// The places of users with a word that begins so ([`words_of`](crate::domain::words_of)), in their order, after one, `limit`
    /// at most. What a user was called before may have a place still.
    async fn find_words(
        &self,
        beginning: &str,
        after: Option<&WordPlace>,
        limit: usize,
    ) -> Result<Vec<WordPlace>, StoreError>;

    /// A page of all users, by id.
    async fn all_users(&self, page: usize, per_page: usize) -> Result<Vec<User>, StoreError>;

    /// Sets profile fields that are given; false, and nothing is set, for an account when another account has the
    /// username. Refused for a user that does not exist.
    async fn set_profile(&self, id: &UserId, username: Option<&str>, name: Option<&str>) -> Result<bool, StoreError>;

    /// Sets or replaces the password hash, and with it the time before which no login counts any more
    /// (`not_before`), which never goes back. Refused for a user that does not exist.
    async fn set_password(&self, id: &UserId, password: &str, not_before: Millis) -> Result<(), StoreError>;

    /// Sets the time before which no login counts any more (`not_before`); it never goes back. Refused for a user that
    /// does not exist.
    async fn end_logins(&self, id: &UserId, not_before: Millis) -> Result<(), StoreError>;

    /// Bans or unbans. Refused for a user that does not exist.
    async fn set_banned(&self, id: &UserId, banned: bool) -> Result<(), StoreError>;

    /// Notes when users were last seen; never goes back. Unknown users are left out.
    async fn seen(&self, users: &[(UserId, Millis)]) -> Result<(), StoreError>;

    /// Deletes a user: profile with its details, password, list of groups, read marks and devices. What they said stays, and so
    /// does the id, banned: see [`User::is_deleted`]. Does nothing for a user that does not exist.
    async fn delete_user(&self, id: &UserId) -> Result<(), StoreError>;
}

/// Read marks.
#[async_trait]
pub trait CursorStore: Send + Sync + 'static {
    /// All marks of several users; those who have none are missing.
    async fn marks(&self, users: &[UserId]) -> Result<HashMap<UserId, HashMap<GroupId, Mark>>, StoreError>;

    /// The marks of several users in one group; those who have none are missing. Nothing is read of their other groups.
    async fn marks_in(&self, group: &GroupId, users: &[UserId]) -> Result<HashMap<UserId, Mark>, StoreError>;

    /// Raises marks; none ever goes back, whatever the order of calls.
    async fn raise_marks(&self, marks: &[(UserId, GroupId, Mark)]) -> Result<(), StoreError>;
}

/// Devices of users, with their own delivered marks.
#[async_trait]
pub trait DeviceStore: Send + Sync + 'static {
    /// Notes that devices were seen, and raises their marks; neither goes back, whatever the order of calls. Of a user's
    /// devices the [`crate::domain::MAX_DEVICES`] seen last stay, the others go with their marks; after a failure there
    /// may be more until the user's next new device. Those of users who are not there, or deleted, are left out.
    async fn raise_devices(&self, devices: &[(UserId, Device)]) -> Result<(), StoreError>;

    /// The devices of a user, the one seen last first; [`crate::domain::MAX_DEVICES`] at most.
    async fn devices(&self, user: &UserId) -> Result<Vec<Device>, StoreError>;
}

/// Whether anything can be stored.
#[async_trait]
pub trait StoreHealth: Send + Sync + 'static {
    /// A write-path round trip: whether storing is possible now.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// The whole store. Two adapters: MongoDB, and SQLite for one node.
#[async_trait]
pub trait Store:
    MessageStore
    + ReactionStore
    + MentionStore
    + GroupStore
    + UserStore
    + ProfileStore
    + CursorStore
    + DeviceStore
    + FollowerStore
    + DueStore
    + InviteStore
    + StoreHealth
{
    /// Makes indexes and checks what was recorded for the deployment (number of partitions,
    /// document versions); records it the first time.
    async fn prepare(&self, partitions: u16) -> Result<(), StartError>;

    /// For a store that must not be used by two nodes at once (MongoDB without Redis): takes or
    /// renews the lease document. False when another node holds it.
    async fn hold_single_node_lease(&self, node: &str, lease_ms: u64) -> Result<bool, StoreError>;
}
