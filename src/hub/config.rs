//! Settings of the hub, each with the reason for its default.

mod reach;

use std::time::Duration;

pub use reach::{Devices, Reach};

use crate::domain::PAGE_MAX;
use crate::ports::{NodeRole, NodeRoles};
use crate::protocol::Limits;

/// How the hub behaves. Everything has a default; `app` fills it from flags, environment and file.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// The node's name, without its boot epoch. Unique in a cluster.
    pub node: String,
    /// Where clients reach this node (`wss://host/ws`).
    pub public_url: Option<String>,
    /// Availability zone, for placement by operators.
    pub zone: Option<String>,
    /// What this node does of all that nodes do.
    pub roles: NodeRoles,
    /// Which of [`FOLLOWERS`] it runs, with the role `followers`; `None` for all.
    pub followers: Option<Vec<String>>,
    /// Number of partitions. Fixed for a deployment: the store records it.
    pub partitions: u16,
    /// Greatest number of members of a group.
    pub max_members: usize,
    /// Greatest number of groups that a user is in, direct chats included.
    pub max_groups: usize,
    /// Greatest length of a text, in Unicode scalar values.
    pub max_text: usize,
    /// Greatest size of `data` as JSON, in bytes.
    pub max_data: usize,
    /// Greatest size of a frame, in bytes.
    pub max_frame: usize,
    /// Connections that this node takes at most; told to others as its capacity.
    pub max_connections: u64,
    /// How often the hub pings a silent client.
    pub heartbeat: Duration,
    /// Requests a session may send in a burst, and then each second.
    pub session_rate: Rate,
    /// The same for all sessions and HTTP calls of one user on this node.
    pub user_rate: Rate,
    /// Times a user may say hello in a burst, and then each second, on this node.
    pub hello_rate: Rate,
    /// After this long without an answer a send gets `unavailable`.
    pub send_timeout: Duration,
    /// How long a node's lease lives without being renewed.
    pub node_lease: Duration,
    /// How often positions are compared with stored heads.
    pub sweep_every: Duration,
    /// How long implied read marks (from sending) wait for others of their user. Those of a user who
    /// leaves are written at once.
    pub marks_every: Duration,
    /// Messages older than this are removed; `None` keeps everything.
    pub retention: Option<Duration>,
    /// How long after it was sent a text may be edited; `None` for ever. The same on all nodes.
    pub edit_window: Option<Duration>,
    /// How long the backplane recognises a repeated send by itself.
    pub cid_window: Duration,
    /// Where people see who is online.
    pub presence: Reach,
    /// Where people see who types.
    pub typing: Reach,
    /// Where people see how far the others have come, in groups of at most [`SMALL_GROUP`].
    pub receipts: Reach,
    /// With how many devices somebody is connected.
    pub devices: Devices,
    /// How long draining may take.
    pub drain_deadline: Duration,
    /// How the node probes itself.
    pub probe: ProbeConfig,
}

/// How a node probes itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeConfig {
    /// From one probe to the next; `None` for none at all.
    pub every: Option<Duration>,
    /// Whether probes are stored like everybody's messages. Otherwise they show everything but the
    /// store.
    pub stored: bool,
}

/// A token bucket's size and speed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// How many each second after that.
    pub per_second: u32,
}

/// The names of all followers: what works on stored events beside their delivery.
pub const FOLLOWERS: &[&str] = &["erasure", "journal", "retention"];

/// The reference design's own limit.
pub const DEFAULT_MAX_MEMBERS: usize = 150;
/// More than anybody reads. A user's list of groups is one document, which has a size, and is read with each
/// hello.
pub const DEFAULT_MAX_GROUPS: usize = 10_000;
/// The reference design's own limit.
pub const DEFAULT_MAX_TEXT: usize = 4_000;
/// As the protocol says.
pub const DEFAULT_MAX_DATA: usize = 16 * 1024;
/// A text of 4,000 characters at 4 bytes, 16 KB of data, and room for cursors of a thousand groups.
pub const DEFAULT_MAX_FRAME: usize = 64 * 1024;
/// Enough for a large cluster, few enough to hold each by one small process.
pub const DEFAULT_PARTITIONS: u16 = 16;
/// Dead nodes' users are offline within 15 s: lease, one beat, reap.
pub const DEFAULT_NODE_LEASE: Duration = Duration::from_secs(8);

/// At most so many groups in `welcome` and on a page of `groups`.
pub(crate) const GROUPS_PAGE: usize = PAGE_MAX;
/// At most so many events on a page of `history`.
pub(crate) const HISTORY_PAGE: usize = PAGE_MAX;
/// A page of `history` when the client does not say.
pub(crate) const HISTORY_DEFAULT: usize = 50;
/// More missed events than this in one group are answered with a `gap`.
pub(crate) const REPLAY_MAX: u64 = 1_000;
/// Groups larger than this list no members and have no live receipts.
pub(crate) const SMALL_GROUP: usize = 200;
/// At most so many groups in a `watch`.
pub(crate) const WATCH_MAX: usize = 20;
/// As the protocol says.
pub(crate) const CID_MAX: usize = 64;

/// A page ends where it has so many bytes of text and data, with one event at least: what many ask
/// for at once must fit into memory.
pub(crate) const PAGE_BYTES: usize = 256 * 1024;
/// The same for the pages of all groups in one answer.
pub(crate) const BUNDLE_BYTES: usize = 1024 * 1024;
/// `data` is read by clients in many languages, not all of which bear deep nesting.
pub(crate) const MAX_DATA_DEPTH: usize = 32;

// === impl Rate ===

impl Rate {
    /// So many times this rate.
    pub fn times(self, factor: u32) -> Self {
        Self { burst: self.burst.saturating_mul(factor), per_second: self.per_second.saturating_mul(factor) }
    }
}

// === impl ProbeConfig ===

impl Default for ProbeConfig {
    fn default() -> Self {
        // Often enough to see what lasts 10 s, and 17,000 messages a day are nothing.
        Self { every: Some(Duration::from_secs(5)), stored: true }
    }
}

// === impl HubConfig ===

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            node: "hub".into(),
            public_url: None,
            zone: None,
            // One node does everything, until there is somebody to leave a part to.
            roles: NodeRoles::default(),
            followers: None,
            partitions: DEFAULT_PARTITIONS,
            max_members: DEFAULT_MAX_MEMBERS,
            max_groups: DEFAULT_MAX_GROUPS,
            max_text: DEFAULT_MAX_TEXT,
            max_data: DEFAULT_MAX_DATA,
            max_frame: DEFAULT_MAX_FRAME,
            // Below the usual limit of 20,000 open files, with room for everything else.
            max_connections: 19_000,
            heartbeat: Duration::from_secs(5),
            // Nobody types so fast; a program that does is told when to go on.
            session_rate: Rate { burst: 100, per_second: 20 },
            user_rate: Rate { burst: 200, per_second: 40 },
            // Every device of one user at once after a restart, more than once; then as a client that
            // is cut off again and again comes back.
            hello_rate: Rate { burst: 60, per_second: 1 },
            send_timeout: Duration::from_secs(10),
            node_lease: DEFAULT_NODE_LEASE,
            sweep_every: Duration::from_secs(3),
            marks_every: Duration::from_secs(15),
            cid_window: Duration::from_secs(24 * 3600),
            retention: None,
            presence: Reach::default(),
            typing: Reach::default(),
            receipts: Reach::default(),
            devices: Devices::default(),
            // People mend what they said whenever they see what is wrong with it.
            edit_window: None,
            drain_deadline: Duration::from_secs(20),
            probe: ProbeConfig::default(),
        }
    }
}

impl HubConfig {
    /// Connections that this node takes at most: none where it takes no clients.
    pub fn capacity(&self) -> u64 {
        if self.roles.has(NodeRole::Clients) { self.max_connections } else { 0 }
    }

    /// Where clients reach this node, where it takes any.
    pub(crate) fn client_url(&self) -> Option<String> {
        self.public_url.clone().filter(|_| self.roles.has(NodeRole::Clients))
    }

    /// Features that clients would be told of and that are off here.
    pub(crate) fn withheld(&self) -> Vec<&'static str> {
        let reaches = [("presence", self.presence), ("typing", self.typing), ("receipts", self.receipts)];
        reaches.into_iter().filter(|(_, reach)| !reach.is_on()).map(|(name, _)| name).collect()
    }

    /// What clients are told of the limits.
    pub fn limits(&self) -> Limits {
        Limits {
            text: self.max_text,
            data: self.max_data,
            frame: self.max_frame,
            cid: CID_MAX,
            members: self.max_members,
            watch: WATCH_MAX,
            history: HISTORY_PAGE,
        }
    }
}
