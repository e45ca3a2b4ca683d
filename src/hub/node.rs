//! Which life of the node this is, and who else lives.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::RwLock;

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
    generation: AtomicU64,
}

/// The nodes that live, as of the last beat.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) nodes: Vec<NodeRecord>,
    names: HashSet<NodeName>,
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

    pub(crate) fn saw(&self, nodes: Vec<NodeRecord>, now: Millis) {
        let names = nodes.iter().map(|node| node.node.clone()).collect();
        *self.live.write() = Arc::new(View { nodes, names });
        self.last_beat.store(now.max(0) as u64, Ordering::Relaxed);
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
    pub(crate) fn lives(&self, node: &NodeName) -> bool {
        self.names.contains(node)
    }
}
