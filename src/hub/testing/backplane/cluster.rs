//! Leases of nodes and partitions, in memory.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::Answer;
use crate::domain::{NodeName, UserId};
use crate::hub::testing::link::Link;
use crate::ports::{Beat, Cluster, LeaseToken, NodeRecord, Partition, StartError};

/// How long the backplane has been there, unless it has just come.
const UPTIME: u64 = 60_000;

/// Leases of nodes and partitions: whoever asks has them, unless they are lost.
#[derive(Default)]
pub(crate) struct MemoryCluster {
    /// The nodes that live, beside the one that asks.
    pub(crate) others: Mutex<Vec<NodeRecord>>,
    /// The nodes whose leases have ended.
    pub(crate) dead: Mutex<Vec<NodeName>>,
    /// The users who were online through a dead node.
    pub(crate) of_dead: Mutex<Vec<UserId>>,
    /// What the node said of itself with each beat.
    pub(crate) beats: Mutex<Vec<NodeRecord>>,
    /// The next beat finds that the node's lease is gone.
    pub(crate) lease_is_lost: AtomicBool,
    pub(crate) has_just_come: AtomicBool,
    /// The nodes that left, and the partitions that were given back, in their order.
    pub(crate) left: Mutex<Vec<String>>,
    pub(crate) link: Link,
}

#[async_trait]
impl Cluster for MemoryCluster {
    async fn beat(&self, record: &NodeRecord, _: Duration) -> Answer<Beat> {
        self.link.answers()?;
        self.beats.lock().push(record.clone());
        let live = self.others.lock().iter().chain([record]).cloned().collect();
        let uptime = if self.has_just_come.load(Relaxed) { 0 } else { UPTIME };
        Ok(Beat { renewed: !self.lease_is_lost.swap(false, Relaxed), live, dead: self.dead.lock().clone(), uptime })
    }

    async fn next_epoch(&self, _: &str, at_least: u64) -> Answer<u64> {
        self.link.shared(at_least)
    }

    async fn hold_partition(&self, _: Partition, _: &NodeName, _: &LeaseToken, _: Duration) -> Answer<bool> {
        self.link.shared(true)
    }

    async fn release_partition(&self, partition: Partition, _: &LeaseToken) -> Answer<()> {
        self.left.lock().push(format!("partition {partition}"));
        self.link.shared(())
    }

    async fn partition_owner(&self, _: Partition) -> Answer<Option<NodeName>> {
        self.link.pass().await;
        self.link.shared(None)
    }

    async fn reap(&self, dead: &NodeName, _: Partition) -> Answer<Vec<UserId>> {
        self.link.answers()?;
        self.dead.lock().retain(|other| other != dead);
        Ok(self.of_dead.lock().clone())
    }

    async fn leave(&self, node: &NodeName, _: Partition) -> Answer<()> {
        self.left.lock().push(node.to_string());
        self.link.shared(())
    }

    async fn check(&self, _: Partition) -> Result<(), StartError> {
        Ok(())
    }

    async fn ping(&self) -> Answer<()> {
        self.link.pass().await;
        self.link.shared(())
    }
}
