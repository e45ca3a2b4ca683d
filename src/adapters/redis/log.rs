//! [`Log`] in Redis.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::RedisBackplane;
use crate::domain::{Base, Cid, GroupId, Head, NodeName, Role, Seq, UserId};
use crate::ports::{
    Append, Appended, BackplaneError, ChangeOutcome, ChangeRequest, Commit, CommitError, Committed, GroupSnapshot, Log,
    LogRead, LogStats, Partition, Reseq,
};

#[async_trait]
impl Log for RedisBackplane {
    async fn append(
        &self,
        partition: Partition,
        origin: &NodeName,
        appends: &[Append],
    ) -> Result<Vec<Appended>, BackplaneError> {
        self.append_all(partition, origin, appends).await
    }

    async fn change_members(
        &self,
        partition: Partition,
        origin: &NodeName,
        change: &ChangeRequest,
    ) -> Result<ChangeOutcome, BackplaneError> {
        self.change(partition, origin, change).await
    }

    async fn restore(
        &self,
        partition: Partition,
        origin: &NodeName,
        floor: &GroupSnapshot,
    ) -> Result<bool, BackplaneError> {
        self.restore_state(partition, origin, floor).await
    }

    async fn roles(
        &self,
        partition: Partition,
        group: &GroupId,
        users: &[UserId],
    ) -> Result<Option<Vec<Option<Role>>>, BackplaneError> {
        self.roles_of(partition, group, users).await
    }

    async fn read_log(
        &self,
        consumer: &NodeName,
        partitions: &[Partition],
        wait: Duration,
    ) -> Result<Vec<LogRead>, BackplaneError> {
        self.read_new(consumer, partitions, wait).await
    }

    async fn claim(&self, consumer: &NodeName, partition: Partition) -> Result<LogRead, BackplaneError> {
        self.claim_all(consumer, partition).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        self.commit_batch(commit).await
    }

    async fn reseq(&self, reseq: &Reseq) -> Result<(), CommitError> {
        self.reseq_entry(reseq).await
    }

    async fn forget_cid(
        &self,
        partition: Partition,
        group: &GroupId,
        from: &UserId,
        cid: &Cid,
    ) -> Result<(), BackplaneError> {
        self.forget_send(partition, group, from, cid).await
    }

    async fn heads(&self, partition: Partition, groups: &[GroupId]) -> Result<Vec<Option<Head>>, BackplaneError> {
        self.stored_heads(partition, groups).await
    }

    async fn moved_since(
        &self,
        partition: Partition,
        after: u64,
    ) -> Result<(u64, Option<Vec<(GroupId, Head)>>), BackplaneError> {
        self.moved(partition, after).await
    }

    async fn recent(
        &self,
        partition: Partition,
        group: &GroupId,
        after: Seq,
    ) -> Result<Vec<(Seq, Bytes)>, BackplaneError> {
        self.recent_events(partition, group, after).await
    }

    async fn log_stats(&self, partition: Partition) -> Result<LogStats, BackplaneError> {
        self.stats(partition).await
    }

    async fn forget_group(
        &self,
        partition: Partition,
        group: &GroupId,
        life: Seq,
        stored: Head,
    ) -> Result<Base, BackplaneError> {
        self.forget_life(partition, group, life, stored).await
    }
}
