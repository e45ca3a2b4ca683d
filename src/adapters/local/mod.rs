//! The backplane in process, for a hub of one node.
//!
//! Everything lives in memory: after a restart all of it is absent, as when Redis lost everything.
//!
//! - `partition`, `group`, `membership`, `seen`, `moves`: the state of a partition, without I/O.
//! - `inbox`, `nodes`, `presence`, `kept_tickets`: the rest of the state.
//! - `journal`: lines in a directory.
//! - `sequencer`, `log`, `group_states`, `inboxes`, `registry`, `cluster`, `followers`, `tickets`: the ports on it.

mod aging;
mod clock;
mod cluster;
mod entries;
mod followers;
mod group;
mod group_states;
mod inbox;
mod inboxes;
mod journal;
mod kept_tickets;
mod log;
mod membership;
mod moves;
mod nodes;
mod partition;
mod presence;
mod registry;
mod seen;
mod sequencer;
mod tickets;

pub use journal::FileJournal;

use std::sync::Arc;

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::BackplaneLimits;
use crate::ports;
use clock::Clock;

/// The backplane of a hub of one node. Leases and windows run by tokio's clock.
pub struct LocalBackplane {
    limits: BackplaneLimits,
    clock: Clock,
    partitions: DashMap<ports::Partition, Arc<Mutex<partition::Partition>>>,
    /// Wakes readers of any partition's log.
    appended: Notify,
    inboxes: DashMap<crate::domain::NodeName, Arc<inbox::Inbox>>,
    nodes: Mutex<nodes::Nodes>,
    presence: Mutex<presence::Presence>,
    tickets: Mutex<kept_tickets::KeptTickets>,
}

// === impl LocalBackplane ===

impl LocalBackplane {
    /// An empty backplane with the default limits.
    pub fn new() -> Self {
        Self::with_limits(BackplaneLimits::default())
    }

    /// An empty backplane that keeps no more than this.
    pub fn with_limits(limits: BackplaneLimits) -> Self {
        let clock = Clock::start();
        let nodes = Mutex::new(nodes::Nodes::since(clock.now()));
        Self {
            limits,
            clock,
            partitions: DashMap::new(),
            appended: Notify::new(),
            inboxes: DashMap::new(),
            nodes,
            presence: Mutex::default(),
            tickets: Mutex::default(),
        }
    }

    /// Everything is lost at once, as when Redis comes back empty. For tests of what follows.
    pub fn lose_everything(&self) {
        self.partitions.clear();
        self.inboxes.clear();
        *self.nodes.lock() = nodes::Nodes::since(self.clock.now());
        *self.presence.lock() = presence::Presence::default();
        *self.tickets.lock() = kept_tickets::KeptTickets::default();
    }

    fn context(&self) -> partition::Context<'_> {
        partition::Context { now: self.clock.now(), micros: self.clock.micros(), limits: &self.limits }
    }

    fn partition(&self, number: ports::Partition) -> Arc<Mutex<partition::Partition>> {
        let fresh = || Arc::new(Mutex::new(partition::Partition::new(self.clock.micros())));
        Arc::clone(&self.partitions.entry(number).or_insert_with(fresh))
    }
}

impl Default for LocalBackplane {
    fn default() -> Self {
        Self::new()
    }
}
