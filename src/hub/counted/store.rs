//! The store. A new call of the port is a new row here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::metrics::PartMetrics;
use super::{Faults, forward};
use crate::domain::{
    Base, Cid, Details, DetailsPatch, Device, Effect, Emoji, Event, Group, GroupId, GroupUpdate, Head, Invite,
    InviteId, Mark, MembershipChange, Millis, PasswordHash, Profile, ReactionKey, Seq, User, UserId, WordPlace,
};
use crate::ports::{
    Claimed, CursorStore, Deletion, DeviceStore, Done, Due, DueStore, Extent, FollowerStore, GroupStore, Inserted,
    InviteStore, MentionStore, MessageStore, Page, Partition, ProfileStore, ReactionPage, ReactionStore, Reactor,
    ReadUpTo, StartError, Store, StoreError, StoreHealth, UserStore,
};

/// The store, its failures counted.
pub(crate) struct CountedStore {
    inner: Arc<dyn Store>,
    faults: Faults,
}

// === impl CountedStore ===

impl CountedStore {
    pub(crate) fn new(inner: Arc<dyn Store>, metrics: &PartMetrics) -> Self {
        Self { inner, faults: Faults::new("store", metrics.errors("store")) }
    }
}

type Answer<T> = Result<T, StoreError>;

forward!(MessageStore of CountedStore {
    insert(events: &[Event]) -> Answer<Vec<Inserted>>;
    event(group: &GroupId, seq: Seq) -> Answer<Option<Event>>;
    event_by_cid(group: &GroupId, from: &UserId, cid: &Cid) -> Answer<Option<Event>>;
    events(ids: &[(GroupId, Seq)]) -> Answer<Vec<Event>>;
    page(group: &GroupId, page: Page) -> Answer<Vec<Event>>;
    apply_effects(effects: &[Effect]) -> Answer<()>;
    clear_rows(deleted: &[(GroupId, Seq)]) -> Answer<()>;
    pins(group: &GroupId, limit: usize) -> Answer<Vec<Event>>;
    replies(group: &GroupId, target: Seq, page: Page) -> Answer<Vec<Event>>;
    head(group: &GroupId) -> Answer<Head>;
    all_messages(page: usize, per_page: usize) -> Answer<Vec<Event>>;
    expire(group: &GroupId, before: Millis) -> Answer<u64>;
});

forward!(ReactionStore of CountedStore {
    reacted(keys: &[ReactionKey]) -> Answer<HashSet<ReactionKey>>;
    reaction_counts(of: &[(GroupId, Seq, Emoji)]) -> Answer<Vec<u64>>;
    reactors(page: &ReactionPage) -> Answer<Vec<Reactor>>;
});

forward!(MentionStore of CountedStore {
    mentions(user: &UserId, of: &[ReadUpTo]) -> Answer<Vec<u64>>;
});

forward!(GroupStore of CountedStore {
    create_group(group: &Group) -> Answer<bool>;
    group(id: &GroupId) -> Answer<Option<Group>>;
    groups(ids: &[GroupId]) -> Answer<Vec<Group>>;
    apply_membership(group: &GroupId, seq: Seq, change: &MembershipChange) -> Answer<()>;
    apply_update(group: &GroupId, seq: Seq, update: &GroupUpdate) -> Answer<()>;
    set_group_password(group: &GroupId, life: Seq, password: &PasswordHash) -> Answer<()>;
    all_groups(page: usize, per_page: usize) -> Answer<Vec<Group>>;
    begin_deletion(id: &GroupId) -> Answer<Option<Deletion>>;
    deletion(id: &GroupId) -> Answer<Option<Deletion>>;
    finish_deletion(id: &GroupId, deletion: &Deletion, base: Base) -> Answer<()>;
    sweep_group(id: &GroupId) -> Answer<()>;
});

forward!(UserStore of CountedStore {
    ensure_user(id: &UserId, profile: &Profile) -> Answer<User>;
    user(id: &UserId) -> Answer<Option<User>>;
    users(ids: &[UserId]) -> Answer<Vec<User>>;
    create_account(id: &UserId, profile: &Profile, password: &str) -> Answer<bool>;
    user_by_username(username: &str) -> Answer<Option<User>>;
    find_users(prefix: &str, limit: usize) -> Answer<Vec<User>>;
    find_words(beginning: &str, after: Option<&WordPlace>, limit: usize) -> Answer<Vec<WordPlace>>;
    all_users(page: usize, per_page: usize) -> Answer<Vec<User>>;
    set_profile(id: &UserId, username: Option<&str>, name: Option<&str>) -> Answer<bool>;
    set_password(id: &UserId, password: &str, not_before: Millis) -> Answer<()>;
    end_logins(id: &UserId, not_before: Millis) -> Answer<()>;
    set_banned(id: &UserId, banned: bool) -> Answer<()>;
    seen(users: &[(UserId, Millis)]) -> Answer<()>;
    delete_user(id: &UserId) -> Answer<()>;
});

forward!(ProfileStore of CountedStore {
    details(user: &UserId) -> Answer<Details>;
    edit_details(user: &UserId, edit: &DetailsPatch) -> Answer<()>;
});

forward!(CursorStore of CountedStore {
    marks(users: &[UserId]) -> Answer<HashMap<UserId, HashMap<GroupId, Mark>>>;
    marks_in(group: &GroupId, users: &[UserId]) -> Answer<HashMap<UserId, Mark>>;
    raise_marks(marks: &[(UserId, GroupId, Mark)]) -> Answer<()>;
});

forward!(DeviceStore of CountedStore {
    raise_devices(devices: &[(UserId, Device)]) -> Answer<()>;
    devices(user: &UserId) -> Answer<Vec<Device>>;
});

forward!(InviteStore of CountedStore {
    add_invite(invite: &Invite, most: usize) -> Answer<bool>;
    invites(group: &GroupId) -> Answer<Vec<Invite>>;
    invite(id: &InviteId) -> Answer<Option<Invite>>;
    use_invite(id: &InviteId) -> Answer<bool>;
    return_use(id: &InviteId) -> Answer<()>;
    remove_invite(group: &GroupId, id: &InviteId) -> Answer<()>;
});

forward!(FollowerStore of CountedStore {
    raise_heads(heads: &[(GroupId, Head)]) -> Answer<()>;
    extents(groups: &[GroupId]) -> Answer<Vec<Extent>>;
    extents_after(after: Option<&GroupId>, limit: usize) -> Answer<Vec<Extent>>;
    done(follower: &str, groups: &[GroupId]) -> Answer<HashMap<GroupId, Done>>;
    raise_done(follower: &str, done: &[(GroupId, Done)]) -> Answer<()>;
    covered(follower: &str) -> Answer<HashMap<Partition, u64>>;
    set_covered(follower: &str, covered: &[(Partition, u64)]) -> Answer<()>;
});

forward!(DueStore of CountedStore {
    plan(entries: &[Due]) -> Answer<()>;
    claim(follower: &str, limit: usize, length: Duration) -> Answer<Vec<Claimed>>;
    settle(claims: &[Claimed]) -> Answer<()>;
    overdue(follower: &str) -> Answer<(u64, Duration)>;
});

forward!(StoreHealth of CountedStore {
    ping() -> Answer<()>;
});

forward!(Store of CountedStore {
    prepare(partitions: u16) -> Result<(), StartError>;
    hold_single_node_lease(node: &str, lease_ms: u64) -> Answer<bool>;
});
