//! [`Cluster`] in process.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;

use super::LocalBackplane;
use super::partition::Lease;
use crate::domain::{Millis, NodeName, UserId};
use crate::ports::{BackplaneError, Beat, Cluster, LeaseToken, NodeRecord, Partition, StartError};

/// The node leases.
#[derive(Default)]
pub(super) struct Nodes {
    /// Since when the present contents are there.
    since: Millis,
    records: HashMap<NodeName, (NodeRecord, Millis)>,
    reaped: HashSet<NodeName>,
    epochs: HashMap<String, u64>,
}

// === impl Nodes ===

impl Nodes {
    /// No nodes, as of now.
    pub(super) fn since(now: Millis) -> Self {
        Self { since: now, ..Self::default() }
    }

    pub(super) fn is_reaped(&self, node: &NodeName) -> bool {
        self.reaped.contains(node)
    }

    fn beat(&mut self, record: &NodeRecord, lease: Duration, now: Millis) -> Beat {
        let held = self.records.get(&record.node).is_some_and(|(_, end)| *end > now);
        let renewed = held && !self.is_reaped(&record.node);
        if !self.is_reaped(&record.node) {
            let end = now + lease.as_millis() as Millis;
            self.records.insert(record.node.clone(), (record.clone(), end));
        }
        let (live, dead): (Vec<_>, Vec<_>) = self.records.values().partition(|(_, end)| *end > now);
        Beat {
            renewed,
            live: live.into_iter().map(|(record, _)| record.clone()).collect(),
            dead: dead.into_iter().map(|(record, _)| record.node.clone()).collect(),
            uptime: (now - self.since).max(0) as u64,
        }
    }

    /// From now on this life of the node is refused. False when its lease lives.
    fn begin_reaping(&mut self, node: &NodeName, now: Millis) -> bool {
        let lives = self.records.get(node).is_some_and(|(_, end)| *end > now);
        if !lives {
            self.reaped.insert(node.clone());
        }
        !lives
    }

    fn end_lease(&mut self, node: &NodeName, now: Millis) {
        if let Some((_, end)) = self.records.get_mut(node) {
            *end = now;
        }
    }
}

#[async_trait]
impl Cluster for LocalBackplane {
    async fn beat(&self, record: &NodeRecord, lease: Duration) -> Result<Beat, BackplaneError> {
        Ok(self.nodes.lock().beat(record, lease, self.clock.now()))
    }

    async fn next_epoch(&self, base: &str, at_least: u64) -> Result<u64, BackplaneError> {
        let mut nodes = self.nodes.lock();
        let epoch = nodes.epochs.entry(base.to_owned()).or_default();
        *epoch = at_least.max(*epoch + 1);
        Ok(*epoch)
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
        self.nodes.lock().records.remove(node);
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
