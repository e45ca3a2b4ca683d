//! The backplane. A new call of its ports is a new row here.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::metrics::PartMetrics;
use super::{Faults, forward};
use crate::domain::{Base, Cid, GroupId, Head, NodeName, Role, Seq, UserId};
use crate::ports::{
    Append, Appended, Backplane, BackplaneError, Beat, ChangeOutcome, ChangeRequest, Cluster, Commit, CommitError,
    Committed, FollowerLeases, GroupSnapshot, GroupStates, InboxPosition, InboxRead, Inboxes, Joined, LeaseToken, Log,
    LogRead, LogStats, NodeRecord, Partition, PresenceChange, Registry, Reseq, Sequencer, SessionRecord, StartError,
    Tickets, UpdateRequest, UserPresence,
};

/// The backplane, its failures counted.
pub(crate) struct CountedBackplane {
    inner: Arc<dyn Backplane>,
    faults: Faults,
}

// === impl CountedBackplane ===

impl CountedBackplane {
    pub(crate) fn new(inner: Arc<dyn Backplane>, metrics: &PartMetrics) -> Self {
        Self { inner, faults: Faults::new("backplane", metrics.errors("backplane")) }
    }

    /// Partitions may fail each for itself, in an answer that is none as a whole.
    fn see_partitions(&self, reads: &Answer<Vec<LogRead>>) {
        for error in reads.iter().flatten().filter_map(|read| read.error.as_ref()) {
            self.faults.note("read_log", error);
        }
    }
}

type Answer<T> = Result<T, BackplaneError>;

forward!(Sequencer of CountedBackplane {
    append(partition: Partition, origin: &NodeName, appends: &[Append]) -> Answer<Vec<Appended>>;
    change_members(partition: Partition, origin: &NodeName, change: &ChangeRequest) -> Answer<ChangeOutcome>;
    change_group(partition: Partition, origin: &NodeName, change: &UpdateRequest) -> Answer<ChangeOutcome>;
    forget_cid(partition: Partition, group: &GroupId, from: &UserId, cid: &Cid) -> Answer<()>;
});

forward!(Log of CountedBackplane {
    read_log(consumer: &NodeName, partitions: &[Partition], wait: Duration) -> Answer<Vec<LogRead>> => see_partitions;
    claim(consumer: &NodeName, partition: Partition) -> Answer<LogRead>;
    commit(commit: &Commit) -> Result<Committed, CommitError>;
    reseq(reseq: &Reseq) -> Result<(), CommitError>;
    log_stats(partition: Partition) -> Answer<LogStats>;
});

forward!(GroupStates of CountedBackplane {
    restore(partition: Partition, origin: &NodeName, floor: &GroupSnapshot) -> Answer<bool>;
    roles(partition: Partition, group: &GroupId, users: &[UserId]) -> Answer<Option<Vec<Option<Role>>>>;
    heads(partition: Partition, groups: &[GroupId]) -> Answer<Vec<Option<Head>>>;
    moved_since(partition: Partition, after: u64) -> Answer<(u64, Option<Vec<(GroupId, Option<Head>)>>)>;
    note_move(partition: Partition, group: &GroupId) -> Answer<()>;
    recent(partition: Partition, group: &GroupId, after: Seq) -> Answer<Vec<(Seq, Bytes)>>;
    forget_group(partition: Partition, group: &GroupId, life: Seq, stored: Head) -> Answer<Base>;
});

forward!(Inboxes of CountedBackplane {
    open_inbox(node: &NodeName) -> Answer<()>;
    post(posts: &[(NodeName, Bytes)]) -> Answer<()>;
    read_inbox(node: &NodeName, after: InboxPosition, wait: Duration) -> Answer<InboxRead>;
});

forward!(Registry of CountedBackplane {
    register(user: &UserId, record: &SessionRecord) -> Answer<PresenceChange>;
    unregister(user: &UserId, record: &SessionRecord) -> Answer<PresenceChange>;
    whereabouts(users: &[UserId]) -> Answer<Vec<UserPresence>>;
    join_routes(partition: Partition, groups: &[GroupId], node: &NodeName, generation: u64) -> Answer<Vec<Joined>>;
    leave_route(partition: Partition, group: &GroupId, node: &NodeName, generation: u64) -> Answer<()>;
    routes(partition: Partition, group: &GroupId) -> Answer<Vec<NodeName>>;
});

forward!(FollowerLeases of CountedBackplane {
    hold_follower(
        partition: Partition,
        follower: &str,
        node: &NodeName,
        token: &LeaseToken,
        lease: Duration,
    ) -> Answer<bool>;
    release_follower(partition: Partition, follower: &str, token: &LeaseToken) -> Answer<()>;
});

forward!(Tickets of CountedBackplane {
    put_ticket(ticket: &str, contents: &str, ttl: Duration) -> Answer<()>;
    take_ticket(ticket: &str) -> Answer<Option<String>>;
});

forward!(Cluster of CountedBackplane {
    beat(record: &NodeRecord, lease: Duration) -> Answer<Beat>;
    next_epoch(base: &str, at_least: u64) -> Answer<u64>;
    hold_partition(partition: Partition, owner: &NodeName, token: &LeaseToken, lease: Duration) -> Answer<bool>;
    release_partition(partition: Partition, token: &LeaseToken) -> Answer<()>;
    partition_owner(partition: Partition) -> Answer<Option<NodeName>>;
    reap(node: &NodeName, partitions: Partition) -> Answer<Vec<UserId>>;
    leave(node: &NodeName, partitions: Partition) -> Answer<()>;
    check(partitions: Partition) -> Result<(), StartError>;
    ping() -> Answer<()>;
});
