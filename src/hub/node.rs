//! Which life of the node this is, and who else lives.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::RwLock;
use tokio::sync::Notify;

use super::features::Features;
use crate::domain::{KINDS, Millis, NodeName};
use crate::ports::{NodeRecord, Partition};

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
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) nodes: Vec<NodeRecord>,
    /// What all of them know.
    pub(crate) features: Features,
    names: HashSet<NodeName>,
    /// Those that do not hand their work over, each with the partitions that it passes on.
    staying: BTreeMap<NodeName, BTreeSet<Partition>>,
}

/// What is otherwise than at the beat before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Partitions may have another first choice: other nodes live or stay, or one passes others on.
    pub(crate) choices: bool,
    /// All live nodes know more, or less.
    pub(crate) features: bool,
}

// === impl NodeState ===

impl Default for NodeState {
    fn default() -> Self {
        Self {
            name: RwLock::new(NodeName::with_epoch("starting", 0).expect("a valid name")),
            live: RwLock::new(Arc::new(View::of(Vec::new()))),
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

    /// Keeps what a beat told.
    pub(crate) fn saw(&self, nodes: Vec<NodeRecord>, now: Millis) -> Changes {
        let view = Arc::new(View::of(nodes));
        let before = std::mem::replace(&mut *self.live.write(), view.clone());
        self.last_beat.store(now.max(0) as u64, Ordering::Relaxed);
        Changes { choices: before.staying != view.staying, features: before.features != view.features }
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
    pub(crate) fn of(nodes: Vec<NodeRecord>) -> Self {
        let features = Features::common_to(&nodes, &KINDS);
        let names = nodes.iter().map(|node| node.node.clone()).collect();
        let staying = nodes.iter().filter(|node| !node.draining);
        let staying = staying.map(|node| (node.node.clone(), node.passes.clone())).collect();
        Self { nodes, features, names, staying }
    }

    /// Whether there is anybody to hand work over to.
    pub(crate) fn anybody_stays(&self) -> bool {
        !self.staying.is_empty()
    }

    /// Whether a node other than this one stays that does not pass a partition on.
    pub(crate) fn another_takes(&self, partition: Partition, me: &NodeName) -> bool {
        self.staying.iter().any(|(node, passes)| node != me && !passes.contains(&partition))
    }

    pub(crate) fn lives(&self, node: &NodeName) -> bool {
        self.names.contains(node)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::hub::features::known;
    use crate::ports::{Knows, NodeVitals};

    pub(crate) fn record(name: &str) -> NodeRecord {
        node(name, Knows::default())
    }

    fn node(name: &str, knows: Knows) -> NodeRecord {
        NodeRecord {
            node: NodeName::parse(name).unwrap(),
            public_url: None,
            zone: None,
            connections: 0,
            capacity: 1,
            draining: false,
            version: String::new(),
            since: 0,
            vitals: NodeVitals::default(),
            knows,
            passes: BTreeSet::new(),
        }
    }

    #[test]
    fn another_takes_what_one_passes_on() {
        let (a, b) = (node("a.1", Knows::default()), node("b.1", Knows::default()));
        let passing = NodeRecord { passes: [4].into(), ..b.clone() };
        let me = &a.node;
        assert!(View::of(vec![a.clone(), b.clone()]).another_takes(4, me));
        let others = View::of(vec![a.clone(), passing]);
        assert!(!others.another_takes(4, me) && others.another_takes(5, me));
        assert!(!View::of(vec![a.clone(), NodeRecord { draining: true, ..b }]).another_takes(4, me));
        assert!(!View::of(vec![a.clone()]).another_takes(4, me));
    }

    #[test]
    fn beats_tell_what_has_changed() {
        let state = NodeState::default();
        let (a, b) = (node("a.1", known(&KINDS)), node("b.1", Knows::default()));
        assert!(state.saw(vec![a.clone()], 1).choices);
        assert_eq!(state.saw(vec![NodeRecord { connections: 9, ..a.clone() }], 2), Changes::default());
        assert!(state.saw(vec![a.clone(), b.clone()], 3).choices);
        for changed in [
            NodeRecord { passes: [4].into(), ..b.clone() },
            NodeRecord { passes: [5].into(), ..b.clone() },
            NodeRecord { draining: true, ..b.clone() },
        ] {
            assert!(state.saw(vec![a.clone(), changed.clone()], 4).choices);
            assert!(!state.saw(vec![a.clone(), changed], 5).choices);
        }
    }
}
