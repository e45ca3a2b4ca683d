//! The node's present name, and its view of the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::RwLock;
use tokio::sync::Notify;

use super::view::View;
use crate::domain::{GroupId, Millis, NodeName, Refusal};
use crate::ports::{FollowerVitals, NodeRecord, NodeRole, Partition};

/// The node's present name (with its epoch) and its view of the cluster.
pub(crate) struct NodeState {
    /// Its name without the epoch.
    base: String,
    /// Number of partitions of the deployment.
    partitions: u16,
    /// Features that are off here.
    withheld: Vec<&'static str>,
    name: RwLock<NodeName>,
    live: RwLock<Arc<View>>,
    draining: AtomicBool,
    /// No node that lives stores what is sent. Looked at for each send.
    ownerless: AtomicBool,
    /// The time of the last beat that the backplane answered.
    last_beat: AtomicU64,
    /// The others are to be looked at without waiting for the next beat.
    beat_now: Notify,
    generation: AtomicU64,
    /// How far the followers that it runs are behind.
    followers: RwLock<FollowersHere>,
}

/// Of each follower the partitions in which this node works for it.
pub(crate) type FollowersHere = BTreeMap<String, BTreeMap<Partition, FollowerVitals>>;

/// What is otherwise than at the beat before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Partitions may have another first choice: other nodes live or stay, or one passes others on.
    pub(crate) choices: bool,
    /// All live nodes know more, or less.
    pub(crate) features: bool,
}

// === impl NodeState ===

impl NodeState {
    pub(crate) fn new(base: &str, partitions: u16) -> Self {
        Self {
            base: base.to_owned(),
            partitions,
            withheld: Vec::new(),
            name: RwLock::new(NodeName::with_epoch("starting", 0).expect("a valid name")),
            live: RwLock::new(Arc::new(View::of(Vec::new()))),
            draining: AtomicBool::new(false),
            ownerless: AtomicBool::new(false),
            last_beat: AtomicU64::new(0),
            beat_now: Notify::new(),
            generation: AtomicU64::new(1),
            followers: RwLock::default(),
        }
    }

    /// The same, without features that are off here.
    pub(crate) fn withholding(self, withheld: Vec<&'static str>) -> Self {
        Self { live: RwLock::new(Arc::new(View::withholding(Vec::new(), &withheld))), withheld, ..self }
    }

    /// The node's name without its epoch.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Number of partitions of the deployment.
    pub(crate) fn partitions(&self) -> u16 {
        self.partitions
    }

    /// The partition that a group belongs to.
    pub(crate) fn partition(&self, group: &GroupId) -> Partition {
        group.partition(self.partitions)
    }

    pub(crate) fn name(&self) -> NodeName {
        self.name.read().clone()
    }

    pub(crate) fn begin_life(&self, name: NodeName) {
        *self.name.write() = name;
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.live.read().clone()
    }

    /// Keeps what a beat told.
    pub(crate) fn saw(&self, nodes: Vec<NodeRecord>, now: Millis) -> Changes {
        let view = Arc::new(View::withholding(nodes, &self.withheld));
        let ownerless = !view.nodes.is_empty() && view.with(NodeRole::Owner).next().is_none();
        self.ownerless.store(ownerless, Ordering::Relaxed);
        let before = std::mem::replace(&mut *self.live.write(), view.clone());
        self.last_beat.store(now.max(0) as u64, Ordering::Relaxed);
        Changes { choices: before.staying != view.staying, features: before.features != view.features }
    }

    /// Whether no live node has the role of owner, as of the last beat.
    pub(crate) fn is_ownerless(&self) -> bool {
        self.ownerless.load(Ordering::Relaxed)
    }

    /// Refuses what would wait in vain, as long as no owner lives.
    pub(crate) fn check_owner(&self) -> Result<(), Refusal> {
        if self.is_ownerless() {
            let message = "no node that stores messages is running; repeat it with the same cid".into();
            return Err(Refusal { message, ..Refusal::unavailable() });
        }
        Ok(())
    }

    /// When the backplane last answered a beat.
    pub(crate) fn last_beat(&self) -> Millis {
        self.last_beat.load(Ordering::Relaxed) as Millis
    }

    /// Has the next beat come at once.
    pub(crate) fn beat_now(&self) {
        self.beat_now.notify_one();
    }

    /// Waits until a beat is to come at once.
    pub(crate) async fn asked_to_beat(&self) {
        self.beat_now.notified().await;
    }

    /// From now on the node hands its work over.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Grows with each route that is added.
    pub(crate) fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps how far the followers that it runs are behind, for others to be told.
    pub(crate) fn note_followers(&self, followers: FollowersHere) {
        *self.followers.write() = followers;
    }

    /// How far the followers that it runs are behind.
    pub(crate) fn followers_here(&self) -> FollowersHere {
        self.followers.read().clone()
    }
}
