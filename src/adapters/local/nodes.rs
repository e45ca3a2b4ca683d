//! The leases of nodes, and which of their lives are over.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::domain::{Millis, NodeName};
use crate::ports::{Beat, NodeRecord};

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

    pub(super) fn beat(&mut self, record: &NodeRecord, lease: Duration, now: Millis) -> Beat {
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
    pub(super) fn begin_reaping(&mut self, node: &NodeName, now: Millis) -> bool {
        let lives = self.records.get(node).is_some_and(|(_, end)| *end > now);
        if !lives {
            self.reaped.insert(node.clone());
        }
        !lives
    }

    pub(super) fn end_lease(&mut self, node: &NodeName, now: Millis) {
        if let Some((_, end)) = self.records.get_mut(node) {
            *end = now;
        }
    }

    pub(super) fn next_epoch(&mut self, base: &str, at_least: u64) -> u64 {
        let epoch = self.epochs.entry(base.to_owned()).or_default();
        *epoch = at_least.max(*epoch + 1);
        *epoch
    }

    pub(super) fn forget(&mut self, node: &NodeName) {
        self.records.remove(node);
    }
}
