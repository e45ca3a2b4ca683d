//! [`Cluster`] in process.

use std::time::Duration;

use async_trait::async_trait;

use super::LocalBackplane;
use super::partition::Lease;
use crate::domain::{Millis, NodeName, UserId};
use crate::ports::{BackplaneError, Beat, Cluster, LeaseToken, NodeRecord, Partition, StartError};

#[async_trait]
impl Cluster for LocalBackplane {
    async fn beat(&self, record: &NodeRecord, lease: Duration) -> Result<Beat, BackplaneError> {
        Ok(self.nodes.lock().beat(record, lease, self.clock.now()))
    }

    async fn next_epoch(&self, base: &str, at_least: u64) -> Result<u64, BackplaneError> {
        Ok(self.nodes.lock().next_epoch(base, at_least))
    }

    async fn hold_partition(
        &self,
        partition: Partition,
        owner: &NodeName,
        token: &LeaseToken,
        lease: Duration,
    ) -> Result<bool, BackplaneError> {
        let now = self.clock.now();
        let state = self.partition(partition);
        let mut state = state.lock();
        let free = state.lease.as_ref().is_none_or(|lease| lease.until <= now);
        if !free && !state.holds(token, now) {
            return Ok(false);
        }
        let until = now + lease.as_millis() as Millis;
        state.lease = Some(Lease { owner: owner.clone(), token: token.clone(), until });
        Ok(true)
    }

    async fn release_partition(&self, partition: Partition, token: &LeaseToken) -> Result<(), BackplaneError> {
        let state = self.partition(partition);
        let mut state = state.lock();
        if state.holds(token, self.clock.now()) {
            state.lease = None;
        }
        Ok(())
    }

    async fn partition_owner(&self, partition: Partition) -> Result<Option<NodeName>, BackplaneError> {
        let state = self.partition(partition);
        let state = state.lock();
        let lease = state.lease.as_ref().filter(|lease| lease.until > self.clock.now());
        Ok(lease.map(|lease| lease.owner.clone()))
    }

    async fn reap(&self, node: &NodeName, _partitions: Partition) -> Result<Vec<UserId>, BackplaneError> {
        if !self.nodes.lock().begin_reaping(node, self.clock.now()) {
            return Ok(Vec::new());
        }
        let users = self.remove_node(node);
        self.nodes.lock().forget(node);
        Ok(users)
    }

    async fn leave(&self, node: &NodeName, partitions: Partition) -> Result<(), BackplaneError> {
        self.nodes.lock().end_lease(node, self.clock.now());
        self.reap(node, partitions).await.map(|_| ())
    }

    async fn check(&self, _partitions: Partition) -> Result<(), StartError> {
        Ok(())
    }

    async fn ping(&self) -> Result<(), BackplaneError> {
        Ok(())
    }
}
