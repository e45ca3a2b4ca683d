//! Which nodes live and which of them owns what: leases, by the backplane's clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{BackplaneError, LeaseToken, NodeRoles, Partition};
use crate::domain::{Millis, NodeName};
use crate::ports::StartError;

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// Name and epoch.
    pub node: NodeName,
    /// The URL where clients reach it, when configured or learnt (`wss://host/ws`).
    pub public_url: Option<String>,
    /// Availability zone, when configured.
    pub zone: Option<String>,
    /// Open connections.
    pub connections: u64,
    /// Connections that it takes at most.
    pub capacity: u64,
    /// It hands its work over and takes no new clients.
    pub draining: bool,
    /// What it does; a record without it is of a node that does everything.
    #[serde(default)]
    pub roles: NodeRoles,
    /// Its version of the software.
    pub version: String,
    /// When this life of the node began.
    pub since: Millis,
    /// How it has been doing.
    #[serde(default)]
    pub vitals: NodeVitals,
    /// What it knows of all that came after the first release; a record without it is of a node that knows none of that.
    #[serde(default)]
    pub knows: Knows,
    /// Partitions that it passes on for now: they hold what it does not know.
    #[serde(default)]
    pub passes: BTreeSet<Partition>,
    /// The followers that it runs; a record without it is of a node that knows of none.
    #[serde(default)]
    pub followers: Option<BTreeSet<String>>,
}

/// What a node can read and carry out. Only what all live nodes know is let in, so that none of them meets what it
/// cannot carry out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Knows {
    /// Kinds of events that have an effect, each with the greatest version of it.
    pub kinds: BTreeMap<String, u16>,
    /// The version of bodies and of what nodes tell each other.
    pub forms: u16,
    /// Roles of nodes: who knows one looks for it in the records of others.
    pub roles: BTreeSet<String>,
}

/// How a node has been doing, for operators; of no weight for anything that nodes decide. Kept small:
/// every node tells it, and reads it of all, with every beat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeVitals {
    /// When this was so, by the node's clock.
    pub time: Millis,
    /// Users with sessions there.
    pub users: u64,
    /// Sends that wait for their ack.
    pub pending_sends: u64,
    /// Partitions that it owns.
    pub partitions: u64,
    /// Entries of these that nobody has read yet.
    pub lag: u64,
    /// Entries of these that are read and not committed.
    pub pending: u64,
    /// Sends taken in, since the process began; so are all that follow.
    pub accepted: u64,
    /// Sends answered as stored.
    pub acked: u64,
    /// Events handed to sessions.
    pub delivered: u64,
    /// Requests refused, by code; without those of which there were none.
    pub rejected: BTreeMap<String, u64>,
    /// Faults, by kind; without those of which there were none.
    pub faults: BTreeMap<String, u64>,
    /// Sends by how long their ack took: a count for each of some edges, and one for longer.
    pub latency: Vec<u64>,
    /// The same of the node's messages to itself.
    pub probe: Vec<u64>,
    /// The same of each stage of a message's way there, by name; without those that saw none.
    pub stages: BTreeMap<String, Vec<u64>>,
    /// Of each follower that it runs the partitions in which it works, with how far it is behind there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub followers: BTreeMap<String, BTreeMap<Partition, FollowerVitals>>,
}

/// How far a follower is behind in a partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FollowerVitals {
    /// Stored events that it has not worked on, as far as was heard.
    pub events: u64,
    /// For how long the group that has waited longest has done so, in seconds.
    pub seconds: u64,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// Whether the node's lease was still there. When not (also at the first beat), the node is
    /// registered by this beat, but what it had registered before may be gone.
    pub renewed: bool,
    /// The nodes whose leases live, this one included.
    pub live: Vec<NodeRecord>,
    /// Nodes whose leases have ended and that have not been reaped yet.
    pub dead: Vec<NodeName>,
    /// How long the backplane has been reachable with its present contents, in milliseconds:
    /// nobody is reaped before one lease's length of it.
    pub uptime: u64,
}

/// Node and partition leases.
#[async_trait]
pub trait Cluster: Send + Sync + 'static {
    /// Renews (or takes) the node's lease for `lease`, and looks at all others. A node life that
    /// has been reaped is refused with `renewed: false` and not listed among `live`: it must take
    /// a new epoch.
    async fn beat(&self, record: &NodeRecord, lease: Duration) -> Result<Beat, BackplaneError>;

    /// The next boot epoch for a node's base name: greater than any given before, as far as the
    /// backplane remembers, and never smaller than `at_least`.
    async fn next_epoch(&self, base: &str, at_least: u64) -> Result<u64, BackplaneError>;

    /// Takes the lease of a partition when it is free (or already held with this token), makes
    /// the log's consumer group, and renews it for `lease`. True when held now.
    async fn hold_partition(
        &self,
        partition: Partition,
        owner: &NodeName,
        token: &LeaseToken,
        lease: Duration,
    ) -> Result<bool, BackplaneError>;

    /// Gives a partition's lease back, if it is held with this token.
    async fn release_partition(&self, partition: Partition, token: &LeaseToken) -> Result<(), BackplaneError>;

    /// Who holds a partition, if anybody does.
    async fn partition_owner(&self, partition: Partition) -> Result<Option<NodeName>, BackplaneError>;

    /// Removes what a dead node life had registered: sessions and presence, routes, its inbox, its
    /// record; the tombstone last. Idempotent, may be interrupted and repeated, by anyone. Answers
    /// the users who were online through that node; nobody, and nothing is done, while the node's
    /// lease lives.
    async fn reap(&self, node: &NodeName, partitions: Partition) -> Result<Vec<crate::domain::UserId>, BackplaneError>;

    /// Leaves in good order: the lease ends now, and everything of this node is removed as in
    /// [`Cluster::reap`]. Also right for an earlier life of one's own, to clear what it wrote late.
    async fn leave(&self, node: &NodeName, partitions: Partition) -> Result<(), BackplaneError>;

    /// Checks once, at boot, that the backplane can do what is needed (version, eviction policy,
    /// number of partitions).
    async fn check(&self, partitions: Partition) -> Result<(), StartError>;

    /// A round trip, for readiness.
    async fn ping(&self) -> Result<(), BackplaneError>;
}
