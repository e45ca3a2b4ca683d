//! [`Log`] in process.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::LocalBackplane;
use super::partition::Context;
use crate::domain::{Base, Cid, GroupId, Head, NodeName, Role, Seq, UserId};
use crate::ports::{
    Append, Appended, BackplaneError, ChangeOutcome, ChangeRequest, Commit, CommitError, Committed, GroupSnapshot, Log,
    LogRead, LogStats, Partition, Reseq,
};

/// Entries of a partition that one read brings at most.
const READ_MAX: usize = 512;

impl LocalBackplane {
    fn context(&self) -> Context<'_> {
        Context { now: self.clock.now(), limits: &self.limits }
    }

    fn deliver(&self, consumer: &NodeName, partitions: &[Partition]) -> Vec<LogRead> {
        let read = |partition: &Partition| LogRead {
            partition: *partition,
            entries: self.partition(*partition).lock().deliver(consumer, READ_MAX),
            ..LogRead::default()
        };
        partitions.iter().map(read).filter(|read| !read.entries.is_empty()).collect()
    }
}

#[async_trait]
impl Log for LocalBackplane {
    async fn append(
        &self,
        partition: Partition,
        origin: &NodeName,
        appends: &[Append],
    ) -> Result<Vec<Appended>, BackplaneError> {
        let cx = self.context();
        let answers: Vec<Appended> = {
            let state = self.partition(partition);
            let mut state = state.lock();
            appends.iter().map(|append| state.append(&cx, origin, append)).collect()
        };
        self.appended.notify_waiters();
        Ok(answers)
    }

    async fn change_members(
        &self,
        partition: Partition,
        origin: &NodeName,
        change: &ChangeRequest,
    ) -> Result<ChangeOutcome, BackplaneError> {
        let outcome = self.partition(partition).lock().change(&self.context(), origin, change);
        self.appended.notify_waiters();
        Ok(outcome)
    }

    async fn restore(
        &self,
        partition: Partition,
        origin: &NodeName,
        floor: &GroupSnapshot,
    ) -> Result<bool, BackplaneError> {
        let restored = self.partition(partition).lock().restore(&self.context(), origin, floor);
        self.appended.notify_waiters();
        Ok(restored)
    }

    async fn roles(
        &self,
        partition: Partition,
        group: &GroupId,
        users: &[UserId],
    ) -> Result<Option<Vec<Option<Role>>>, BackplaneError> {
        Ok(self.partition(partition).lock().roles(group, users))
    }

    async fn read_log(
        &self,
        consumer: &NodeName,
        partitions: &[Partition],
        wait: Duration,
    ) -> Result<Vec<LogRead>, BackplaneError> {
        let deadline = Instant::now() + wait;
        loop {
            // Listens before it looks, so that nothing is appended between the two unheard.
            let appended = self.appended.notified();
            tokio::pin!(appended);
            appended.as_mut().enable();
            let reads = self.deliver(consumer, partitions);
            if !reads.is_empty() || timeout_at(deadline, appended).await.is_err() {
                return Ok(reads);
            }
        }
    }

    async fn claim(&self, consumer: &NodeName, partition: Partition) -> Result<LogRead, BackplaneError> {
        let entries = self.partition(partition).lock().claim(consumer);
        Ok(LogRead { partition, entries, ..LogRead::default() })
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let cx = self.context();
        let state = self.partition(commit.partition);
        let mut state = state.lock();
        if !state.holds(&commit.token, cx.now) {
            return Err(CommitError::LeaseLost);
        }
        // Peer messages would save no round trip here.
        let bases = commit.groups.iter().map(|part| state.base(&part.group)).collect();
        Ok(Committed { routes: state.commit(&cx, commit), bases, told: false })
    }

    async fn reseq(&self, reseq: &Reseq) -> Result<(), CommitError> {
        let cx = self.context();
        let state = self.partition(reseq.partition);
        let mut state = state.lock();
        if !state.holds(&reseq.token, cx.now) {
            return Err(CommitError::LeaseLost);
        }
        state.reseq(&cx, reseq);
        drop(state);
        self.appended.notify_waiters();
        Ok(())
    }

    async fn forget_cid(
        &self,
        partition: Partition,
        group: &GroupId,
        from: &UserId,
        cid: &Cid,
    ) -> Result<(), BackplaneError> {
        self.partition(partition).lock().forget_cid(group, from, cid);
        Ok(())
    }

    async fn heads(&self, partition: Partition, groups: &[GroupId]) -> Result<Vec<Option<Head>>, BackplaneError> {
        let state = self.partition(partition);
        let state = state.lock();
        Ok(groups.iter().map(|id| state.groups.get(id).map(|group| group.stored)).collect())
    }

    async fn moved_since(
        &self,
        partition: Partition,
        after: u64,
    ) -> Result<(u64, Option<Vec<(GroupId, Head)>>), BackplaneError> {
        let state = self.partition(partition);
        let state = state.lock();
        let with_head = |id: GroupId| state.groups.get(&id).map(|group| group.stored).map(|head| (id, head));
        let moved = state.moves.since(after).map(|ids| ids.into_iter().filter_map(with_head).collect());
        Ok((state.moves.newest(), moved))
    }

    async fn recent(
        &self,
        partition: Partition,
        group: &GroupId,
        after: Seq,
    ) -> Result<Vec<(Seq, Bytes)>, BackplaneError> {
        let state = self.partition(partition);
        let state = state.lock();
        Ok(state.groups.get(group).map(|group| group.recent.after(after)).unwrap_or_default())
    }

    async fn log_stats(&self, partition: Partition) -> Result<LogStats, BackplaneError> {
        Ok(self.partition(partition).lock().stats())
    }

    async fn forget_group(
        &self,
        partition: Partition,
        group: &GroupId,
        life: Seq,
        stored: Head,
    ) -> Result<Base, BackplaneError> {
        Ok(self.partition(partition).lock().forget_group(&self.context(), group, life, stored))
    }
}
