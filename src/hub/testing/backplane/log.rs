//! Sequences, logs and states of groups, in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use super::Answer;
use crate::domain::{Base, Cid, GroupId, Head, NodeName, Role, Seq, UserId};
use crate::hub::testing::{head, link::Link};
use crate::ports::{
    Append, Appended, BackplaneError, ChangeOutcome, ChangeRequest, Commit, CommitError, Committed, GroupSnapshot,
    GroupStates, Log, LogRead, LogStats, Partition, Reseq, Sequencer, UpdateRequest,
};

/// Sequences, logs and states of groups whose answers are laid down before. Those that are asked of groups come from heads.
#[derive(Default)]
pub(crate) struct MemoryLog {
    /// Answers to appends, in turn; each append is accepted where there is none.
    pub(crate) answers: Mutex<VecDeque<Appended>>,
    pub(crate) appended: Mutex<Vec<Append>>,
    pub(crate) changes: Mutex<Vec<ChangeRequest>>,
    pub(crate) updates: Mutex<Vec<UpdateRequest>>,
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
    /// The recent caches.
    pub(crate) recent: Mutex<HashMap<GroupId, Vec<(Seq, Bytes)>>>,
    /// The number of the newest commit, and after which ones it was asked what has moved.
    pub(crate) newest: AtomicU64,
    pub(crate) asked_after: Mutex<Vec<u64>>,
    /// Who asks next what has moved is told that it cannot be said.
    pub(crate) has_lost_count: AtomicBool,
    /// How many groups' heads were asked for with each call, and in which partition.
    pub(crate) heads_asked: Mutex<Vec<(Partition, usize)>>,
    /// States of groups answer through it, and counts of logs.
    pub(crate) link: Link,
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

    async fn change_group(&self, _: Partition, _: &NodeName, change: &UpdateRequest) -> Answer<ChangeOutcome> {
        self.updates.lock().push(change.clone());
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
            return Err(BackplaneError::Unreachable("silent".into()));
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
        self.link.answers()?;
        Ok(LogStats::default())
    }
}

#[async_trait]
impl GroupStates for MemoryLog {
    async fn restore(&self, _: Partition, _: &NodeName, floor: &GroupSnapshot) -> Answer<bool> {
        self.link.answers()?;
        self.heads.lock().insert(floor.group.clone(), floor.head);
        self.restored.lock().push(floor.clone());
        Ok(true)
    }

    async fn roles(&self, _: Partition, _: &GroupId, users: &[UserId]) -> Answer<Option<Vec<Option<Role>>>> {
        self.link.answers()?;
        Ok(Some(users.iter().map(|_| Some(Role::Member)).collect()))
    }

    async fn heads(&self, partition: Partition, groups: &[GroupId]) -> Answer<Vec<Option<Head>>> {
        self.link.answers()?;
        self.heads_asked.lock().push((partition, groups.len()));
        let heads = self.heads.lock();
        Ok(groups.iter().map(|group| heads.get(group).copied()).collect())
    }

    async fn moved_since(&self, _: Partition, after: u64) -> Answer<(u64, Option<Vec<(GroupId, Option<Head>)>>)> {
        self.link.answers()?;
        self.asked_after.lock().push(after);
        let heads = self.heads.lock();
        let noted = self.noted.lock().clone().into_iter().filter(|group| !heads.contains_key(group));
        let moved = heads.iter().map(|(group, head)| (group.clone(), Some(*head)));
        let moved = moved.chain(noted.map(|group| (group, None))).collect();
        let is_known = !self.has_lost_count.swap(false, Relaxed);
        Ok((self.newest.load(Relaxed), is_known.then_some(moved)))
    }

    async fn note_move(&self, _: Partition, group: &GroupId) -> Answer<()> {
        self.link.answers()?;
        self.noted.lock().push(group.clone());
        Ok(())
    }

    async fn recent(&self, _: Partition, group: &GroupId, after: Seq) -> Answer<Vec<(Seq, Bytes)>> {
        self.link.answers()?;
        let recent = self.recent.lock();
        let of_group = recent.get(group).into_iter().flatten();
        Ok(of_group.filter(|(seq, _)| *seq > after).cloned().collect())
    }

    async fn forget_group(&self, _: Partition, _: &GroupId, _: Seq, stored: Head) -> Answer<Base> {
        self.link.answers()?;
        Ok(Base { seq: stored.seq + 1, n: stored.n })
    }
}
