//! The use cases: what the hub does, over the ports.
//!
//! - [`session`](Session): one connection's requests; `hello` registers and resumes.
//! - `hello_batch`: whoever says hello at the same time is looked up together.
//! - `publish`: appends in batches, remembers who waits for an ack.
//! - `owner`: the partitions this node owns: order, store, commit, route.
//! - `deliver`: peer messages from the inbox to positions to sockets; holes fetched.
//! - `attach`: groups and sessions come together; replay without a hole.
//! - `membership`, `presence`, `marks`: the rest of what people do.
//! - `deletion`: a group ends; one whose id is made from names may begin anew.
//! - `effects`: what events do to others.
//! - `features`: what all live nodes know, and so what clients may use.
//! - `counted`: the store and the backplane, whose failures are counted and told of there.
//! - `cluster`: leases, epochs, reaping, sweep; `reap_plan`: who clears away a dead node, and when.
//! - `probe`: the node's messages to itself; `readiness`: whether it may take traffic.
//! - `api`: the same for HTTP; `services`: what only services and operators ask.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

// The room's own name and those of the rooms that it may import from: paths read alike in all rooms.
extern crate self as hub;
use hubbub_domain as domain;
use hubbub_kernel as kernel;
use hubbub_ports as ports;
use hubbub_protocol as protocol;

mod api;
mod attach;
mod cluster;
mod codec;
pub mod config;
mod counted;
mod deletion;
mod deliver;
mod drain;
mod effects;
mod features;
#[doc(hidden)]
pub mod fuzzing;
mod group;
mod handle;
mod hello;
mod hello_batch;
mod limits;
mod marks;
mod membership;
mod metrics;
mod node;
mod overview;
mod owner;
mod position;
mod presence;
mod probe;
mod profiles;
mod publish;
mod readiness;
mod reap_plan;
mod replay;
mod restore;
#[cfg(test)]
mod resume_model;
mod services;
mod session;
mod views;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use api::{FoundUser, HistoryPage, HistoryQuery, Location, Ticket};
pub use config::{HubConfig, Rate};
pub use limits::TokenBucket;
pub use metrics::{LATENCY_EDGES, Metrics, Stage};
pub use overview::{HISTORY_EVERY, Overview, PartitionState};
pub use probe::ProbeConfig;
pub use publish::Stored;
pub use readiness::NotReady;
pub use session::{ConnectionInfo, Flow, Session};

use crate::domain::GroupId;
use crate::kernel::Backoff;
use crate::ports::{Backplane, Partition, Store, Tokens};

/// Between tries of what need not be done at once, and must be done in the end.
pub(crate) const RETRY: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));

/// A node of the hub: everything that its connections and calls share.
pub struct Hub {
    pub(crate) config: HubConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) backplane: Arc<dyn Backplane>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) metrics: Metrics,
    pub(crate) node: node::NodeState,
    pub(crate) groups: group::LocalGroups,
    pub(crate) users: handle::LocalUsers,
    /// Requests of each user.
    pub(crate) rates: limits::UserRates,
    /// Hellos of each user: the dearest request, and one that a new connection costs nobody else.
    pub(crate) hellos: limits::UserRates,
    pub(crate) arrivals: hello_batch::HelloBatcher,
    pub(crate) publisher: publish::Publisher,
    pub(crate) presence: presence::Watchers,
    pub(crate) profiles: profiles::Profiles,
    pub(crate) member_lists: views::MemberLists,
    pub(crate) marks: marks::Marks,
    pub(crate) restores: restore::Restores,
    pub(crate) history: overview::History,
    /// The partitions in this node's hands.
    pub(crate) owned: Arc<owner::Owned>,
    /// Cancelled when an operator wants the node to end.
    pub(crate) drain_ordered: CancellationToken,
    /// Ends the node's own tasks.
    pub(crate) stop: CancellationToken,
    /// The node's own tasks.
    pub(crate) tasks: TaskTracker,
}

// === impl Hub ===

impl Hub {
    /// Puts a node together. Nothing runs before [`Hub::start`].
    pub fn new(
        config: HubConfig,
        store: Arc<dyn Store>,
        backplane: Arc<dyn Backplane>,
        tokens: Arc<dyn Tokens>,
        metrics: Metrics,
    ) -> Arc<Self> {
        metrics.max_sessions.set(config.max_connections as i64);
        Arc::new(Self {
            node: node::NodeState::default(),
            groups: group::LocalGroups::default(),
            users: handle::LocalUsers::default(),
            rates: limits::UserRates::new(config.user_rate),
            hellos: limits::UserRates::new(config.hello_rate),
            arrivals: hello_batch::HelloBatcher::new(),
            publisher: publish::Publisher::new(config.partitions, config.cid_window),
            presence: presence::Watchers::default(),
            profiles: profiles::Profiles::default(),
            member_lists: views::MemberLists::default(),
            marks: marks::Marks::default(),
            restores: restore::Restores::default(),
            history: overview::History::default(),
            owned: Arc::default(),
            drain_ordered: CancellationToken::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            config,
            store: Arc::new(counted::CountedStore::new(store, &metrics)),
            backplane: Arc::new(counted::CountedBackplane::new(backplane, &metrics)),
            tokens,
            metrics,
        })
    }

    pub(crate) fn partition(&self, group: &GroupId) -> Partition {
        group.partition(self.config.partitions)
    }

    /// Runs a task of the node until it ends by itself or the node stops.
    pub(crate) fn spawn<F>(self: &Arc<Self>, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }
}
