//! What things cost, each with where the figure is from. Whoever measures again changes this file,
//! and the table in docs/capacity.md beside it.

use serde::Serialize;

/// Unit costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs {
    /// Processor time of the nodes for each message as such: read, appended, owned, stored, acked (µs).
    pub cpu_us_per_message: f64,
    /// Processor time of a node for each event handed to a session (µs).
    pub cpu_us_per_delivery: f64,
    /// Processor time of a node for each connected session that does nothing, in a second (µs).
    pub cpu_us_per_idle_session: f64,
    /// Resident memory of a node for each session (bytes).
    pub bytes_per_session: f64,
    /// Processor time of Redis for each message: append, read by the owner, commit (µs).
    pub redis_us_per_message: f64,
    /// Processor time of Redis for each node that a message goes to: inbox written and read (µs).
    pub redis_us_per_inbox: f64,
    /// Commands to Redis for each message, those within scripts included.
    pub redis_commands_per_message: f64,
    /// Bytes to and from Redis for each message.
    pub redis_network_per_message: f64,
    /// Memory of Redis for each send that is remembered for the cid window (bytes).
    pub redis_bytes_per_cid: f64,
    /// Memory of Redis for each group that is in use, and for each of its members (bytes).
    pub redis_bytes_per_group: f64,
    /// See [`Costs::redis_bytes_per_group`].
    pub redis_bytes_per_member: f64,
    /// Bytes of a message's document in MongoDB, without its text.
    pub mongodb_bytes_per_message: f64,
    /// Bytes of its entries in the two indexes.
    pub mongodb_index_bytes_per_message: f64,
    /// Bytes of a user's documents, and of their part in the groups' documents.
    pub mongodb_bytes_per_user: f64,
}

/// As measured on two cores that did nothing else; docs/capacity.md has the commands and the figures
/// that these follow from.
pub const MEASURED: Costs = Costs {
    // A hub that is not at its limit: 300 messages a second to 100 each cost two nodes 795 µs a message. At its
    // limit (`hubbub bench --saturate 8` over three nodes: 93 µs for a message to 3, 256 µs for one to 50) a
    // message as such costs 83 µs and a delivery 3.5 µs.
    cpu_us_per_message: 83.0,
    cpu_us_per_delivery: 7.1,
    // 1.6 % of a core for 10,000 sessions of `scripts/bench hold`, pings included.
    cpu_us_per_idle_session: 1.6,
    // loadtest/capacity: 29.0 MB with 402 users, 96.8 MB with 10,000 after they had talked for a minute.
    bytes_per_session: 7_200.0,
    // 172 µs of Redis where nearly each message is alone (`scripts/bench --alone rate-300`, two nodes), of which the inboxes
    // take some 4 µs by `INFO commandstats`. Batches make it cheaper: 88 and 49 µs in the two runs above.
    redis_us_per_message: 168.0,
    redis_us_per_inbox: 2.0,
    // `INFO stats` before and after, by messages: 10.1 commands, 1,088 bytes in, 830 bytes out.
    redis_commands_per_message: 10.1,
    redis_network_per_message: 1_918.0,
    // `INFO memory` before and after, by messages.
    redis_bytes_per_cid: 150.0,
    // docs/backplane.md, "What grows".
    redis_bytes_per_group: 200.0,
    redis_bytes_per_member: 30.0,
    // Reckoned from the document: see the test beside it in src/adapters/mongodb.
    mongodb_bytes_per_message: 260.0,
    // Reckoned: keys of 43 and of 58 bytes, each with 15 of overhead; no prefix compression.
    mongodb_index_bytes_per_message: 131.0,
    // Reckoned: profile, marks and memberships of a user in ten groups.
    mongodb_bytes_per_user: 1_000.0,
};
