//! What it runs on.

use serde::Serialize;

/// The default of the setting `max_connections`.
const MAX_CONNECTIONS: f64 = 19_000.0;

/// What it runs on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Machines {
    /// The share of anything that is planned to be used.
    pub utilisation: f64,
    /// Cores of a node.
    pub node_cores: f64,
    /// Memory of a node, in GiB.
    pub node_memory: f64,
    /// Sessions that a node takes (`max_connections`).
    pub node_sessions: f64,
    /// Memory of a Redis shard, in GiB.
    pub redis_memory: f64,
    /// What a Redis shard's network carries, in Gbit/s.
    pub redis_network: f64,
    /// Copies of each Redis shard, itself included.
    pub redis_copies: f64,
    /// Documents that a MongoDB shard inserts in a second.
    pub mongodb_inserts: f64,
    /// Disk of a MongoDB member, in TB.
    pub mongodb_disk: f64,
    /// Members of each shard's replica set.
    pub mongodb_copies: f64,
    /// Messages of a partition in a second, all of which one node takes in order.
    pub partition_messages: f64,
}

impl Default for Machines {
    fn default() -> Self {
        Self {
            utilisation: 0.6,
            node_cores: 8.0,
            node_memory: 16.0,
            node_sessions: MAX_CONNECTIONS,
            redis_memory: 64.0,
            redis_network: 10.0,
            redis_copies: 2.0,
            mongodb_inserts: 20_000.0,
            mongodb_disk: 8.0,
            mongodb_copies: 3.0,
            partition_messages: 5_000.0,
        }
    }
}
