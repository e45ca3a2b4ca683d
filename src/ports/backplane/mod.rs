//! The backplane: what nodes share while they live.
//!
//! - [`Sequencer`]: each send gets its place in its group's sequence.
//! - [`Log`]: the partition logs, as their owners use them.
//! - [`GroupStates`]: what is known of each group: its heads, its members, its newest events.
//! - [`Inboxes`]: what a node must hear of.
//! - [`Registry`]: sessions, presence, routes; [`Tickets`]: one-time tickets.
//! - [`Cluster`]: which nodes live, and what each of them owns; [`FollowerLeases`]: which works for a follower.

mod cluster;
mod error;
mod followers;
mod group_states;
mod inboxes;
mod log;
mod partition;
mod registry;
mod roles;
mod sequencer;
mod tickets;

pub use cluster::{Beat, Cluster, FollowerVitals, Knows, NodeRecord, NodeVitals};
pub use error::BackplaneError;
pub use followers::FollowerLeases;
pub use group_states::{GroupSnapshot, GroupStates};
pub use inboxes::{InboxEntry, InboxPosition, InboxRead, Inboxes};
pub use log::{Commit, CommitError, Committed, EntryId, GroupCommit, Log, LogEntry, LogRead, LogStats, Reseq};
pub use partition::{LeaseToken, Partition};
pub use registry::{Joined, PresenceChange, Registry, SessionRecord, UserPresence};
pub use roles::{NodeRole, NodeRoles};
pub use sequencer::{Append, Appended, ChangeOutcome, ChangeRequest, Permission, Sequencer, Standing, UpdateRequest};
pub use tickets::Tickets;

/// Everything that nodes share while they live. Two adapters: Redis, and in process for one node.
///
/// The whole of it may vanish at any moment; the hub rebuilds it from the store and its sessions.
pub trait Backplane: Sequencer + Log + GroupStates + Inboxes + Registry + Cluster + FollowerLeases + Tickets {}

impl<T: Sequencer + Log + GroupStates + Inboxes + Registry + Cluster + FollowerLeases + Tickets> Backplane for T {}
