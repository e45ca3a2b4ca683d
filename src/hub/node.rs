//! Which life of the node this is, and who else lives.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::domain::{Millis, NodeName};
use crate::ports::NodeRecord;

/// The node's present name (with its epoch) and its view of the cluster.
pub(crate) struct NodeState {
    name: RwLock<NodeName>,
    live: RwLock<Arc<View>>,
    pub(crate) draining: AtomicBool,
    /// Set once the node is registered for the first time.
    pub(crate) registered: AtomicBool,
    /// The time of the last beat that the backplane answered.
    pub(crate) last_beat: AtomicU64,
    /// The others are to be looked at without waiting for the next beat.
    beat_now: Notify,
    generation: AtomicU64,
}

/// The nodes that live, as of the last beat.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) nodes: Vec<NodeRecord>,
    names: HashSet<NodeName>,
    /// Those that do not hand their work over.
    staying: BTreeSet<NodeName>,
}

// === impl NodeState ===

impl Default for NodeState {
    fn default() -> Self {
        Self {
            name: RwLock::new(NodeName::with_epoch("starting", 0).expect("a valid name")),
            live: RwLock::default(),
            draining: AtomicBool::new(false),
            registered: AtomicBool::new(false),
            last_beat: AtomicU64::new(0),
            beat_now: Notify::new(),
            generation: AtomicU64::new(1),
        }
    }
}

impl NodeState {
    pub(crate) fn name(&self) -> NodeName {
        self.name.read().clone()
    }

    pub(crate) fn begin_life(&self, name: NodeName) {
        *self.name.write() = name;
    }

    pub(crate) fn view(&self) -> Arc<View> {
        self.live.read().clone()
    }

    /// Keeps what a beat told. True when other nodes live, or stay, than before.
    pub(crate) fn saw(&self, nodes: Vec<NodeRecord>, now: Millis) -> bool {
        let names = nodes.iter().map(|node| node.node.clone()).collect();
        let staying = nodes.iter().filter(|node| !node.draining).map(|node| node.node.clone()).collect();
        let view = Arc::new(View { nodes, names, staying });
        let before = std::mem::replace(&mut *self.live.write(), view.clone());
        self.last_beat.store(now.max(0) as u64, Ordering::Relaxed);
        before.staying != view.staying
    }

    /// Has the next beat come at once.
    pub(crate) fn beat_now(&self) {
        self.beat_now.notify_one();
    }

    /// Waits until a beat is to come at once.
    pub(crate) async fn asked_to_beat(&self) {
        self.beat_now.notified().await;
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Grows with each route that is added.
    pub(crate) fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::Relaxed)
    }
}

// === impl View ===

impl View {
    /// Whether there is anybody to hand work over to.
    pub(crate) fn anybody_stays(&self) -> bool {
        !self.staying.is_empty()
    }

    pub(crate) fn lives(&self, node: &NodeName) -> bool {
        self.names.contains(node)
    }
}
