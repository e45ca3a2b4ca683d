//! What nodes share, in memory: a fake for each of the small ports.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use super::head;
use crate::domain::{Base, Cid, GroupId, Head, NodeName, Role, Seq, UserId};
use crate::hub::codec::{PeerEvent, PeerMessage};
use crate::ports::{
    Append, Appended, BackplaneError, Beat, ChangeOutcome, ChangeRequest, Cluster, Commit, CommitError, Committed,
    FollowerLeases, GroupSnapshot, GroupStates, InboxPosition, InboxRead, Inboxes, Joined, LeaseToken, Log, LogRead,
    LogStats, NodeRecord, Partition, PresenceChange, Registry, Reseq, Sequencer, SessionRecord, StartError, Tickets,
    UserPresence,
};

type Answer<T> = Result<T, BackplaneError>;

fn silent<T>() -> Answer<T> {
    Err(BackplaneError::Unreachable("silent".into()))
}

/// Inboxes that keep what is posted.
#[derive(Default)]
pub(crate) struct MemoryInboxes {
    posts: Mutex<Vec<(NodeName, Bytes)>>,
    silent: AtomicBool,
}

// === impl MemoryInboxes ===

impl MemoryInboxes {
    /// What was posted since this was asked last, with its node.
    pub(crate) fn take(&self) -> Vec<(String, Vec<PeerEvent>)> {
        let posts = std::mem::take(&mut *self.posts.lock());
        posts.iter().map(|(node, post)| (node.to_string(), PeerMessage::decode(post).unwrap().items)).collect()
    }

    pub(crate) fn be_silent(&self, silent: bool) {
        self.silent.store(silent, Relaxed);
    }
}

#[async_trait]
impl Inboxes for MemoryInboxes {
    async fn open_inbox(&self, _: &NodeName) -> Answer<()> {
        Ok(())
    }

    async fn post(&self, posts: &[(NodeName, Bytes)]) -> Answer<()> {
        if self.silent.load(Relaxed) {
            return silent();
        }
        self.posts.lock().extend(posts.iter().cloned());
        Ok(())
    }

    async fn read_inbox(&self, _: &NodeName, _: InboxPosition, _: Duration) -> Answer<InboxRead> {
        Ok(InboxRead::default())
    }
}

/// Sessions by user, and routes of groups.
#[derive(Default)]
pub(crate) struct MemoryRegistry {
    pub(crate) sessions: Mutex<HashMap<UserId, Vec<SessionRecord>>>,
    pub(crate) routes: Mutex<BTreeMap<GroupId, Vec<NodeName>>>,
    /// The stored heads that joining tells; of others the state is absent.
    pub(crate) heads: Mutex<HashMap<GroupId, Head>>,
}

#[async_trait]
impl Registry for MemoryRegistry {
    async fn register(&self, user: &UserId, record: &SessionRecord) -> Answer<PresenceChange> {
        let mut sessions = self.sessions.lock();
        let of_user = sessions.entry(user.clone()).or_default();
        let others = of_user.clone();
        of_user.push(record.clone());
        Ok(PresenceChange { others, ..PresenceChange::default() })
    }

    async fn unregister(&self, user: &UserId, record: &SessionRecord) -> Answer<PresenceChange> {
        let mut sessions = self.sessions.lock();
        let of_user = sessions.entry(user.clone()).or_default();
        of_user.retain(|other| !other.is_same(record));
        Ok(PresenceChange { others: of_user.clone(), ..PresenceChange::default() })
    }

    async fn whereabouts(&self, users: &[UserId]) -> Answer<Vec<UserPresence>> {
        let sessions = self.sessions.lock();
        let of = |user| sessions.get(user).cloned().unwrap_or_default();
        Ok(users.iter().map(|user| UserPresence { sessions: of(user), ..UserPresence::default() }).collect())
    }

    async fn join_routes(&self, _: Partition, groups: &[GroupId], node: &NodeName, _: u64) -> Answer<Vec<Joined>> {
        let (heads, mut routes) = (self.heads.lock(), self.routes.lock());
        let joined = groups.iter().map(|group| {
            routes.entry(group.clone()).or_default().push(node.clone());
            Joined { head: heads.get(group).copied(), last: None }
        });
        Ok(joined.collect())
    }

    async fn leave_route(&self, _: Partition, group: &GroupId, node: &NodeName, _: u64) -> Answer<()> {
        self.routes.lock().entry(group.clone()).or_default().retain(|other| other != node);
        Ok(())
    }

    async fn routes(&self, _: Partition, group: &GroupId) -> Answer<Vec<NodeName>> {
        Ok(self.routes.lock().get(group).cloned().unwrap_or_default())
    }
}

/// Sequences, logs and states of groups whose answers are laid down before. Those that are asked of groups come from heads.
#[derive(Default)]
pub(crate) struct MemoryLog {
    /// Answers to appends, in turn; each append is accepted where there is none.
    pub(crate) answers: Mutex<VecDeque<Appended>>,
    pub(crate) appended: Mutex<Vec<Append>>,
    pub(crate) changes: Mutex<Vec<ChangeRequest>>,
    /// Whether changes are stored as soon as they are accepted.
    pub(crate) stores_changes: AtomicBool,
    /// Answers to changes, in turn; each change is accepted where there is none.
    pub(crate) outcomes: Mutex<VecDeque<ChangeOutcome>>,
    pub(crate) heads: Mutex<HashMap<GroupId, Head>>,
    /// Groups that moved though nothing was committed.
    pub(crate) noted: Mutex<Vec<GroupId>>,
    pub(crate) restored: Mutex<Vec<GroupSnapshot>>,
    pub(crate) commits: Mutex<Vec<Commit>>,
    /// Nodes with routes that a commit tells of.
    pub(crate) routes: Mutex<Vec<NodeName>>,
    pub(crate) claims_are_silent: AtomicBool,
    pub(crate) claims: Mutex<VecDeque<LogRead>>,
}

#[async_trait]
impl Sequencer for MemoryLog {
    async fn append(&self, _: Partition, _: &NodeName, appends: &[Append]) -> Answer<Vec<Appended>> {
        self.appended.lock().extend(appends.iter().cloned());
        let mut answers = self.answers.lock();
        let accepted = Appended::Accepted { seq: 1, n: 1, time: 0 };
        Ok(appends.iter().map(|_| answers.pop_front().unwrap_or(accepted)).collect())
    }

    async fn change_members(&self, _: Partition, _: &NodeName, change: &ChangeRequest) -> Answer<ChangeOutcome> {
        self.changes.lock().push(change.clone());
        if self.stores_changes.load(Relaxed) {
            self.heads.lock().insert(change.group.clone(), head(1));
        }
        Ok(self.outcomes.lock().pop_front().unwrap_or(ChangeOutcome::Accepted { seq: 1 }))
    }

    async fn forget_cid(&self, _: Partition, _: &GroupId, _: &UserId, _: &Cid) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn read_log(&self, _: &NodeName, _: &[Partition], _: Duration) -> Answer<Vec<LogRead>> {
        Ok(Vec::new())
    }

    async fn claim(&self, _: &NodeName, partition: Partition) -> Answer<LogRead> {
        if self.claims_are_silent.load(Relaxed) {
            return silent();
        }
        Ok(self.claims.lock().pop_front().unwrap_or(LogRead { partition, ..LogRead::default() }))
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        self.commits.lock().push(commit.clone());
        let routes = commit.groups.iter().map(|_| self.routes.lock().clone()).collect();
        Ok(Committed { routes, bases: commit.groups.iter().map(|_| Some(0)).collect(), told: false })
    }

    async fn reseq(&self, _: &Reseq) -> Result<(), CommitError> {
        Ok(())
    }

    async fn log_stats(&self, _: Partition) -> Answer<LogStats> {
        Ok(LogStats::default())
    }
}

#[async_trait]
impl GroupStates for MemoryLog {
    async fn restore(&self, _: Partition, _: &NodeName, floor: &GroupSnapshot) -> Answer<bool> {
        self.heads.lock().insert(floor.group.clone(), floor.head);
        self.restored.lock().push(floor.clone());
        Ok(true)
    }

    async fn roles(&self, _: Partition, _: &GroupId, users: &[UserId]) -> Answer<Option<Vec<Option<Role>>>> {
        Ok(Some(users.iter().map(|_| Some(Role::Member)).collect()))
    }

    async fn heads(&self, _: Partition, groups: &[GroupId]) -> Answer<Vec<Option<Head>>> {
        let heads = self.heads.lock();
        Ok(groups.iter().map(|group| heads.get(group).copied()).collect())
    }

    async fn moved_since(&self, _: Partition, after: u64) -> Answer<(u64, Option<Vec<(GroupId, Option<Head>)>>)> {
        let heads = self.heads.lock();
        let noted = self.noted.lock().clone().into_iter().filter(|group| !heads.contains_key(group));
        let moved = heads.iter().map(|(group, head)| (group.clone(), Some(*head)));
        Ok((after, Some(moved.chain(noted.map(|group| (group, None))).collect())))
    }

    async fn note_move(&self, _: Partition, group: &GroupId) -> Answer<()> {
        self.noted.lock().push(group.clone());
        Ok(())
    }

    async fn recent(&self, _: Partition, _: &GroupId, _: Seq) -> Answer<Vec<(Seq, Bytes)>> {
        Ok(Vec::new())
    }

    async fn forget_group(&self, _: Partition, _: &GroupId, _: Seq, stored: Head) -> Answer<Base> {
        Ok(Base { seq: stored.seq + 1, n: stored.n })
    }
}

/// Leases of nodes and partitions: whoever asks has them, unless they are lost.
#[derive(Default)]
pub(crate) struct MemoryCluster {
    /// The nodes that live, beside the one that asks.
    pub(crate) others: Mutex<Vec<NodeRecord>>,
    /// The users who were online through a dead node.
    pub(crate) of_dead: Mutex<Vec<UserId>>,
    pub(crate) silent: AtomicBool,
}

#[async_trait]
impl Cluster for MemoryCluster {
    async fn beat(&self, record: &NodeRecord, _: Duration) -> Answer<Beat> {
        let live = self.others.lock().iter().chain([record]).cloned().collect();
        Ok(Beat { renewed: true, live, dead: Vec::new(), uptime: 60_000 })
    }

    async fn next_epoch(&self, _: &str, at_least: u64) -> Answer<u64> {
        Ok(at_least)
    }

    async fn hold_partition(&self, _: Partition, _: &NodeName, _: &LeaseToken, _: Duration) -> Answer<bool> {
        Ok(true)
    }

    async fn release_partition(&self, _: Partition, _: &LeaseToken) -> Answer<()> {
        Ok(())
    }

    async fn partition_owner(&self, _: Partition) -> Answer<Option<NodeName>> {
        Ok(None)
    }

    async fn reap(&self, _: &NodeName, _: Partition) -> Answer<Vec<UserId>> {
        Ok(self.of_dead.lock().clone())
    }

    async fn leave(&self, _: &NodeName, _: Partition) -> Answer<()> {
        Ok(())
    }

    async fn check(&self, _: Partition) -> Result<(), StartError> {
        Ok(())
    }

    async fn ping(&self) -> Answer<()> {
        if self.silent.load(Relaxed) { silent() } else { Ok(()) }
    }
}

#[async_trait]
impl FollowerLeases for MemoryCluster {
    async fn hold_follower(&self, _: Partition, _: &str, _: &NodeName, _: &LeaseToken, _: Duration) -> Answer<bool> {
        if self.silent.load(Relaxed) { silent() } else { Ok(true) }
    }

    async fn release_follower(&self, _: Partition, _: &str, _: &LeaseToken) -> Answer<()> {
        Ok(())
    }
}

/// Tickets, each taken once.
#[derive(Default)]
pub(crate) struct MemoryTickets(Mutex<HashMap<String, String>>);

#[async_trait]
impl Tickets for MemoryTickets {
    async fn put_ticket(&self, ticket: &str, contents: &str, _: Duration) -> Answer<()> {
        self.0.lock().insert(ticket.into(), contents.into());
        Ok(())
    }

    async fn take_ticket(&self, ticket: &str) -> Answer<Option<String>> {
        Ok(self.0.lock().remove(ticket))
    }
}
