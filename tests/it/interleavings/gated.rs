//! A store and a backplane behind gates: every call passes one before and one after.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hubbub::domain::*;
use hubbub::ports::*;

use super::gates::{Failed, Gates, Side};

/// A node's way to the store.
pub struct GatedStore {
    pub inner: Arc<dyn Store>,
    pub gates: Gates,
}

/// A node's way to the backplane.
pub struct GatedBackplane {
    pub inner: Arc<dyn Backplane>,
    pub gates: Gates,
}

/// A user whose membership changes are calls of their own name.
pub const FULL: &str = "full";

/// Implements a port by handing every call on between two gates. A call is named as its method, or
/// as the expression after `as` says, and gets another argument where `with` says so.
macro_rules! gated {
    ($port:ident for $gated:ident {
        $(fn $call:ident($($arg:ident: $type:ty),*) -> $answer:ty $(as $name:expr)? $(, with $given:ident = $value:expr)?;)*
    }) => {
        #[async_trait::async_trait]
        impl $port for $gated {
            $(async fn $call(&self, $($arg: $type),*) -> $answer {
                #[allow(unused_mut, unused_assignments)]
                let mut name = stringify!($call);
                $(name = $name;)?
                if let Some(how) = self.gates.pass(Side::Before, name).await {
                    return Failed::failed(how);
                }
                $(let $given = &$value;)?
                let answer = self.inner.$call($($arg),*).await;
                if let Some(how) = self.gates.pass(Side::After, name).await {
                    return Failed::failed(how);
                }
                answer
            })*
        }
    };
}

gated! { Sequencer for GatedBackplane {
    fn append(partition: Partition, origin: &NodeName, appends: &[Append]) -> Result<Vec<Appended>, BackplaneError>;
    fn change_members(partition: Partition, origin: &NodeName, change: &ChangeRequest)
        -> Result<ChangeOutcome, BackplaneError>;
    fn change_group(partition: Partition, origin: &NodeName, change: &UpdateRequest)
        -> Result<ChangeOutcome, BackplaneError>;
    fn forget_cid(partition: Partition, group: &GroupId, from: &UserId, cid: &Cid) -> Result<(), BackplaneError>;
} }

gated! { Log for GatedBackplane {
    fn read_log(consumer: &NodeName, partitions: &[Partition], wait: Duration) -> Result<Vec<LogRead>, BackplaneError>;
    fn claim(consumer: &NodeName, partition: Partition) -> Result<LogRead, BackplaneError>;
    fn commit(commit: &Commit) -> Result<Committed, CommitError>
        as if commit.groups.is_empty() { "ack" } else { "commit" },
        // Peer messages leave by themselves, as in a Cluster, so that they can be held.
        with commit = Commit { hinted: Vec::new(), ..commit.clone() };
    fn reseq(reseq: &Reseq) -> Result<(), CommitError>;
    fn log_stats(partition: Partition) -> Result<LogStats, BackplaneError>;
} }

gated! { GroupStates for GatedBackplane {
    fn restore(partition: Partition, origin: &NodeName, floor: &GroupSnapshot) -> Result<bool, BackplaneError>;
    fn roles(partition: Partition, group: &GroupId, users: &[UserId])
        -> Result<Option<Vec<Option<Role>>>, BackplaneError>;
    fn heads(partition: Partition, groups: &[GroupId]) -> Result<Vec<Option<Head>>, BackplaneError>;
    fn moved_since(partition: Partition, after: u64)
        -> Result<(u64, Option<Vec<(GroupId, Option<Head>)>>), BackplaneError>;
    fn note_move(partition: Partition, group: &GroupId) -> Result<(), BackplaneError>;
    fn recent(partition: Partition, group: &GroupId, after: Seq) -> Result<Vec<(Seq, Bytes)>, BackplaneError>;
    fn forget_group(partition: Partition, group: &GroupId, life: Seq, stored: Head) -> Result<Base, BackplaneError>;
} }

gated! { Inboxes for GatedBackplane {
    fn open_inbox(node: &NodeName) -> Result<(), BackplaneError>;
    fn post(posts: &[(NodeName, Bytes)]) -> Result<(), BackplaneError>;
    fn read_inbox(node: &NodeName, after: InboxPosition, wait: Duration) -> Result<InboxRead, BackplaneError>;
} }

gated! { Registry for GatedBackplane {
    fn register(user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError>;
    fn unregister(user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError>;
    fn whereabouts(users: &[UserId]) -> Result<Vec<UserPresence>, BackplaneError>;
    fn join_routes(partition: Partition, groups: &[GroupId], node: &NodeName, generation: u64)
        -> Result<Vec<Joined>, BackplaneError>;
    fn leave_route(partition: Partition, group: &GroupId, node: &NodeName, generation: u64)
        -> Result<(), BackplaneError>;
    fn routes(partition: Partition, group: &GroupId) -> Result<Vec<NodeName>, BackplaneError>;
} }

gated! { Cluster for GatedBackplane {
    fn beat(record: &NodeRecord, lease: Duration) -> Result<Beat, BackplaneError>;
    fn next_epoch(base: &str, at_least: u64) -> Result<u64, BackplaneError>;
    fn hold_partition(partition: Partition, owner: &NodeName, token: &LeaseToken, lease: Duration)
        -> Result<bool, BackplaneError>;
    fn release_partition(partition: Partition, token: &LeaseToken) -> Result<(), BackplaneError>;
    fn partition_owner(partition: Partition) -> Result<Option<NodeName>, BackplaneError>;
    fn reap(node: &NodeName, partitions: Partition) -> Result<Vec<UserId>, BackplaneError>;
    fn leave(node: &NodeName, partitions: Partition) -> Result<(), BackplaneError>;
    fn check(partitions: Partition) -> Result<(), StartError>;
    fn ping() -> Result<(), BackplaneError>;
} }

gated! { FollowerLeases for GatedBackplane {
    fn hold_follower(partition: Partition, follower: &str, node: &NodeName, token: &LeaseToken, lease: Duration)
        -> Result<bool, BackplaneError>;
    fn release_follower(partition: Partition, follower: &str, token: &LeaseToken) -> Result<(), BackplaneError>;
} }

gated! { Tickets for GatedBackplane {
    fn put_ticket(ticket: &str, contents: &str, ttl: Duration) -> Result<(), BackplaneError>;
    fn take_ticket(ticket: &str) -> Result<Option<String>, BackplaneError>;
} }

gated! { MessageStore for GatedStore {
    fn insert(events: &[Event]) -> Result<Vec<Inserted>, StoreError>;
    fn event(group: &GroupId, seq: Seq) -> Result<Option<Event>, StoreError>;
    fn event_by_cid(group: &GroupId, from: &UserId, cid: &Cid) -> Result<Option<Event>, StoreError>;
    fn events(ids: &[(GroupId, Seq)]) -> Result<Vec<Event>, StoreError>;
    fn page(group: &GroupId, page: Page) -> Result<Vec<Event>, StoreError>;
    fn apply_effects(effects: &[Effect]) -> Result<(), StoreError>;
    fn clear_rows(deleted: &[(GroupId, Seq)]) -> Result<(), StoreError>;
    fn pins(group: &GroupId, limit: usize) -> Result<Vec<Event>, StoreError>;
    fn replies(group: &GroupId, target: Seq, page: Page) -> Result<Vec<Event>, StoreError>;
    fn head(group: &GroupId) -> Result<Head, StoreError>;
    fn all_messages(page: usize, per_page: usize) -> Result<Vec<Event>, StoreError>;
    fn expire(group: &GroupId, before: Millis) -> Result<u64, StoreError>;
} }

gated! { ReactionStore for GatedStore {
    fn reacted(keys: &[ReactionKey]) -> Result<HashSet<ReactionKey>, StoreError>;
    fn reaction_counts(of: &[(GroupId, Seq, Emoji)]) -> Result<Vec<u64>, StoreError>;
    fn reactors(page: &ReactionPage) -> Result<Vec<Reactor>, StoreError>;
} }

gated! { MentionStore for GatedStore {
    fn mentions(user: &UserId, of: &[ReadUpTo]) -> Result<Vec<u64>, StoreError>;
} }

gated! { GroupStore for GatedStore {
    fn create_group(group: &Group) -> Result<bool, StoreError>;
    fn group(id: &GroupId) -> Result<Option<Group>, StoreError>;
    fn groups(ids: &[GroupId]) -> Result<Vec<Group>, StoreError>;
    fn apply_membership(group: &GroupId, seq: Seq, change: &MembershipChange) -> Result<(), StoreError>
        as if change.users().iter().any(|user| user.as_str() == FULL) { "apply_membership of a full user" }
            else { "apply_membership" };
    fn apply_update(group: &GroupId, seq: Seq, update: &GroupUpdate) -> Result<(), StoreError>;
    fn set_group_password(group: &GroupId, life: Seq, password: &PasswordHash) -> Result<(), StoreError>;
    fn all_groups(page: usize, per_page: usize) -> Result<Vec<Group>, StoreError>;
    fn begin_deletion(id: &GroupId) -> Result<Option<Deletion>, StoreError>;
    fn deletion(id: &GroupId) -> Result<Option<Deletion>, StoreError>;
    fn finish_deletion(id: &GroupId, deletion: &Deletion, base: Base) -> Result<(), StoreError>;
    fn sweep_group(id: &GroupId) -> Result<(), StoreError>;
} }

gated! { UserStore for GatedStore {
    fn ensure_user(id: &UserId, profile: &Profile) -> Result<User, StoreError>;
    fn user(id: &UserId) -> Result<Option<User>, StoreError>;
    fn users(ids: &[UserId]) -> Result<Vec<User>, StoreError>;
    fn create_account(id: &UserId, profile: &Profile, password: &str) -> Result<bool, StoreError>;
    fn user_by_username(username: &str) -> Result<Option<User>, StoreError>;
    fn find_users(prefix: &str, limit: usize) -> Result<Vec<User>, StoreError>;
    fn find_words(beginning: &str, after: Option<&WordPlace>, limit: usize) -> Result<Vec<WordPlace>, StoreError>;
    fn all_users(page: usize, per_page: usize) -> Result<Vec<User>, StoreError>;
    fn set_profile(id: &UserId, username: Option<&str>, name: Option<&str>) -> Result<bool, StoreError>;
    fn set_password(id: &UserId, password: &str, not_before: Millis) -> Result<(), StoreError>;
    fn end_logins(id: &UserId, not_before: Millis) -> Result<(), StoreError>;
    fn set_banned(id: &UserId, banned: bool) -> Result<(), StoreError>;
    fn seen(users: &[(UserId, Millis)]) -> Result<(), StoreError>;
    fn delete_user(id: &UserId) -> Result<(), StoreError>;
} }

gated! { ProfileStore for GatedStore {
    fn details(user: &UserId) -> Result<Details, StoreError>;
    fn edit_details(user: &UserId, edit: &DetailsPatch) -> Result<(), StoreError>;
} }

gated! { CursorStore for GatedStore {
    fn marks(users: &[UserId]) -> Result<HashMap<UserId, HashMap<GroupId, Mark>>, StoreError>;
    fn marks_in(group: &GroupId, users: &[UserId]) -> Result<HashMap<UserId, Mark>, StoreError>;
    fn raise_marks(marks: &[(UserId, GroupId, Mark)]) -> Result<(), StoreError>;
} }

gated! { DeviceStore for GatedStore {
    fn raise_devices(devices: &[(UserId, Device)]) -> Result<(), StoreError>;
    fn devices(user: &UserId) -> Result<Vec<Device>, StoreError>;
} }

gated! { FollowerStore for GatedStore {
    fn raise_heads(heads: &[(GroupId, Head)]) -> Result<(), StoreError>;
    fn extents(groups: &[GroupId]) -> Result<Vec<Extent>, StoreError>;
    fn extents_after(after: Option<&GroupId>, limit: usize) -> Result<Vec<Extent>, StoreError>;
    fn done(follower: &str, groups: &[GroupId]) -> Result<HashMap<GroupId, Done>, StoreError>;
    fn raise_done(follower: &str, done: &[(GroupId, Done)]) -> Result<(), StoreError>;
    fn covered(follower: &str) -> Result<HashMap<Partition, u64>, StoreError>;
    fn set_covered(follower: &str, covered: &[(Partition, u64)]) -> Result<(), StoreError>;
} }

gated! { InviteStore for GatedStore {
    fn add_invite(invite: &Invite, most: usize) -> Result<bool, StoreError>;
    fn invites(group: &GroupId) -> Result<Vec<Invite>, StoreError>;
    fn invite(id: &InviteId) -> Result<Option<Invite>, StoreError>;
    fn use_invite(id: &InviteId) -> Result<bool, StoreError>;
    fn return_use(id: &InviteId) -> Result<(), StoreError>;
    fn remove_invite(group: &GroupId, id: &InviteId) -> Result<(), StoreError>;
} }

gated! { DueStore for GatedStore {
    fn plan(entries: &[Due]) -> Result<(), StoreError>;
    fn claim(follower: &str, limit: usize, length: Duration) -> Result<Vec<Claimed>, StoreError> as "claim_due";
    fn settle(claims: &[Claimed]) -> Result<(), StoreError>;
    fn overdue(follower: &str) -> Result<(u64, Duration), StoreError>;
} }

gated! { StoreHealth for GatedStore {
    fn ping() -> Result<(), StoreError>;
} }

gated! { Store for GatedStore {
    fn prepare(partitions: u16) -> Result<(), StartError>;
    fn hold_single_node_lease(node: &str, lease_ms: u64) -> Result<bool, StoreError>;
} }
