//! [`Log`] in process.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use super::LocalBackplane;
use crate::domain::NodeName;
use crate::ports::{BackplaneError, Commit, CommitError, Committed, Log, LogRead, LogStats, Partition, Reseq};

/// Entries of a partition that one read brings at most.
const READ_MAX: usize = 512;

impl LocalBackplane {
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

    async fn log_stats(&self, partition: Partition) -> Result<LogStats, BackplaneError> {
        Ok(self.partition(partition).lock().stats())
    }
}
