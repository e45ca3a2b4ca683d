//! What a load needs on these machines.

use serde::Serialize;

use super::costs::Costs;
use super::load::Load;
use super::machines::Machines;

const DAY: f64 = 86_400.0;
const GIB: f64 = 1_073_741_824.0;
/// What `partitions` takes at most.
pub(super) const MOST_PARTITIONS: u64 = 1_024;
/// Partitions for each node, so that the loss of one spreads over many.
const PARTITIONS_PER_NODE: u64 = 4;
/// The default of `partitions`.
pub(super) const LEAST_PARTITIONS: u64 = 16;
/// One embedded node syncs to its disk what it acks: more than this is another machine's work.
const EMBEDDED_MESSAGES: f64 = 500.0;

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
pub(super) fn nodes_reached(nodes: f64, recipients: f64) -> f64 {
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
