//! How large a deployment must be: from unit costs and a load to nodes, partitions, shards and disks.
//!
//! - [`costs`]: what one message, delivery, session costs, and where that is from.
//! - [`Load`]: what people do; [`Machines`]: what it runs on. All of it can be changed.
//! - [`Need`]: what comes out. Plain arithmetic without state.
//! - [`report`]: the table.

pub mod costs;
pub mod report;
#[cfg(test)]
mod tests;

pub use costs::{Costs, MEASURED};
use serde::Serialize;

const DAY: f64 = 86_400.0;
const GIB: f64 = 1_073_741_824.0;
/// What `partitions` takes at most.
const MOST_PARTITIONS: u64 = 1_024;
/// Partitions for each node, so that the loss of one spreads over many.
const PARTITIONS_PER_NODE: u64 = 4;
/// The default of `partitions`.
const LEAST_PARTITIONS: u64 = 16;

/// What people do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// Users of a day.
    pub users: f64,
    /// Messages that each of them sends in a day.
    pub messages_per_day: f64,
    /// The share of them that is connected at the busiest time.
    pub online: f64,
    /// Connections of each user who is connected.
    pub devices: f64,
    /// Connected sessions that a message goes to, the sender's own included.
    pub recipients: f64,
    /// The busiest second's messages, as a multiple of the mean.
    pub peak: f64,
    /// Bytes of a text.
    pub text: f64,
    /// Groups of each user.
    pub groups_per_user: f64,
    /// Members of a group.
    pub members: f64,
    /// Days that messages are kept.
    pub retention_days: f64,
    /// Hours that sends are remembered (`cid_window`).
    pub cid_window_hours: f64,
}

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

/// What a load needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Need {
    /// Sessions at the busiest time.
    pub sessions: f64,
    /// Messages in the busiest second.
    pub messages_per_second: f64,
    /// Deliveries in the busiest second.
    pub deliveries_per_second: f64,
    /// Cores that the nodes keep busy then.
    pub cores: f64,
    /// Nodes, one of them to spare.
    pub nodes: u64,
    /// What decides their number.
    pub nodes_by: &'static str,
    /// Deployments that users must be divided among, since one has a limited number of partitions.
    pub deployments: u64,
    /// Partitions of each deployment.
    pub partitions: u64,
    /// Redis shards.
    pub redis_shards: u64,
    /// What decides their number.
    pub redis_by: &'static str,
    /// Redis servers, copies included.
    pub redis_servers: u64,
    /// Commands to Redis in the busiest second.
    pub redis_commands_per_second: f64,
    /// Memory that Redis needs, copies not counted, in bytes.
    pub redis_bytes: f64,
    /// MongoDB shards.
    pub mongodb_shards: u64,
    /// What decides their number.
    pub mongodb_by: &'static str,
    /// Disks, one for each member of each replica set.
    pub mongodb_disks: u64,
    /// Bytes that MongoDB keeps, copies not counted.
    pub mongodb_bytes: f64,
    /// Whether one process with everything inside carries it.
    pub embedded_is_enough: bool,
}

/// One embedded node syncs to its disk what it acks: more than this is another machine's work.
const EMBEDDED_MESSAGES: f64 = 500.0;

impl Default for Load {
    fn default() -> Self {
        Self {
            users: 500.0,
            messages_per_day: 100.0,
            online: 0.25,
            devices: 1.2,
            recipients: 10.0,
            peak: 3.0,
            text: 100.0,
            groups_per_user: 10.0,
            members: 20.0,
            retention_days: 365.0,
            cid_window_hours: 24.0,
        }
    }
}

impl Default for Machines {
    fn default() -> Self {
        Self {
            utilisation: 0.6,
            node_cores: 8.0,
            node_memory: 16.0,
            node_sessions: crate::transport::AdmissionConfig::default().max_connections as f64,
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

// === impl Need ===

impl Need {
    /// What this load needs on these machines at these costs.
    pub fn of(load: &Load, machines: &Machines, costs: &Costs) -> Self {
        let sessions = load.users * load.online * load.devices;
        let messages = load.users * load.messages_per_day / DAY * load.peak;
        // Nobody is told more often than there are sessions.
        let deliveries = messages * load.recipients.min(sessions.max(1.0));
        let us = messages * costs.cpu_us_per_message
            + deliveries * costs.cpu_us_per_delivery
            + sessions * costs.cpu_us_per_idle_session;
        let cores = us / 1e6;
        let (busy, nodes_by) = most([
            (units(cores, machines.node_cores * machines.utilisation), "processor"),
            (units(sessions, machines.node_sessions * machines.utilisation), "sessions"),
            (units(sessions * costs.bytes_per_session, machines.node_memory * GIB * machines.utilisation), "memory"),
        ]);
        let nodes = busy + 1;
        let partitions_in_all =
            units(messages, machines.partition_messages * machines.utilisation).max(nodes * PARTITIONS_PER_NODE);
        // Balance is no reason for another deployment: then some partitions have a node each.
        let deployments = units(messages, machines.partition_messages * machines.utilisation).div_ceil(MOST_PARTITIONS);
        let partitions = partitions_in_all.div_ceil(deployments).next_power_of_two();
        let redis = Redis::of(load, machines, costs, messages, nodes);
        let mongodb = MongoDb::of(load, machines, costs, messages);
        Self {
            sessions,
            messages_per_second: messages,
            deliveries_per_second: deliveries,
            cores,
            nodes,
            nodes_by,
            deployments,
            partitions: partitions.clamp(LEAST_PARTITIONS, MOST_PARTITIONS),
            redis_shards: redis.shards,
            redis_by: redis.by,
            redis_servers: redis.shards * machines.redis_copies.ceil() as u64,
            redis_commands_per_second: messages * costs.redis_commands_per_message,
            redis_bytes: redis.bytes,
            mongodb_shards: mongodb.shards,
            mongodb_by: mongodb.by,
            mongodb_disks: mongodb.shards * machines.mongodb_copies.ceil() as u64,
            mongodb_bytes: mongodb.bytes,
            embedded_is_enough: busy == 1 && messages <= EMBEDDED_MESSAGES,
        }
    }
}

struct Redis {
    shards: u64,
    by: &'static str,
    bytes: f64,
}

// === impl Redis ===

impl Redis {
    fn of(load: &Load, machines: &Machines, costs: &Costs, messages: f64, nodes: u64) -> Self {
        let inboxes = nodes_reached(nodes as f64, load.recipients);
        // Scripts run on one core.
        let cores = messages * (costs.redis_us_per_message + inboxes * costs.redis_us_per_inbox) / 1e6;
        let remembered = load.users * load.messages_per_day * load.cid_window_hours / 24.0;
        let memberships = load.users * load.groups_per_user;
        let bytes = remembered * costs.redis_bytes_per_cid
            + memberships / load.members * costs.redis_bytes_per_group
            + memberships * costs.redis_bytes_per_member;
        let network = messages * costs.redis_network_per_message * 8.0;
        let (shards, by) = most([
            (units(cores, machines.utilisation), "processor"),
            (units(bytes, machines.redis_memory * GIB * machines.utilisation), "memory"),
            (units(network, machines.redis_network * 1e9 * machines.utilisation), "network"),
        ]);
        Self { shards, by, bytes }
    }
}

struct MongoDb {
    shards: u64,
    by: &'static str,
    bytes: f64,
}

// === impl MongoDb ===

impl MongoDb {
    fn of(load: &Load, machines: &Machines, costs: &Costs, messages: f64) -> Self {
        let each = costs.mongodb_bytes_per_message + costs.mongodb_index_bytes_per_message + load.text;
        let kept = load.users * load.messages_per_day * load.retention_days;
        let bytes = kept * each + load.users * costs.mongodb_bytes_per_user;
        let (shards, by) = most([
            (units(messages, machines.mongodb_inserts * machines.utilisation), "inserts"),
            (units(bytes, machines.mongodb_disk * 1e12 * machines.utilisation), "disk"),
        ]);
        Self { shards, by, bytes }
    }
}

/// How many nodes a message goes to on average, when its recipients are spread over all by chance.
fn nodes_reached(nodes: f64, recipients: f64) -> f64 {
    nodes * (1.0 - (1.0 - 1.0 / nodes).powf(recipients))
}

/// How many units carry a load: at least one.
fn units(load: f64, each: f64) -> u64 {
    (load / each).ceil().max(1.0) as u64
}

/// The greatest number, and its reason; the first of equals.
fn most<const N: usize>(reasons: [(u64, &'static str); N]) -> (u64, &'static str) {
    reasons.into_iter().rev().max_by_key(|(number, _)| *number).unwrap_or((1, "nothing"))
}
