//! The nodes that live, as of the last beat.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::knowledge::Features;
use crate::domain::{KINDS, NodeName};
use crate::ports::{NodeRecord, NodeRole, Partition};

/// The nodes that live, as of the last beat.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) nodes: Vec<NodeRecord>,
    /// What all of them know.
    pub(crate) features: Features,
    names: HashSet<NodeName>,
    /// Owners that do not hand their work over, each with the partitions that it passes on.
    pub(super) staying: BTreeMap<NodeName, BTreeSet<Partition>>,
}

// === impl View ===

impl View {
    pub(crate) fn of(nodes: Vec<NodeRecord>) -> Self {
        Self::withholding(nodes, &[])
    }

    /// The same, without features that are off here.
    pub(super) fn withholding(nodes: Vec<NodeRecord>, withheld: &[&str]) -> Self {
        let features = Features::common_to(&nodes, &KINDS).without(withheld);
        let names = nodes.iter().map(|node| node.node.clone()).collect();
        let staying = nodes.iter().filter(|node| !node.draining && node.roles.has(NodeRole::Owner));
        let staying = staying.map(|node| (node.node.clone(), node.passes.clone())).collect();
        Self { nodes, features, names, staying }
    }

    /// Whether there is an owner to hand partitions over to.
    pub(crate) fn an_owner_stays(&self) -> bool {
        !self.staying.is_empty()
    }

    /// Whether an owner other than this node stays that does not pass a partition on.
    pub(crate) fn another_takes(&self, partition: Partition, me: &NodeName) -> bool {
        self.staying.iter().any(|(node, passes)| node != me && !passes.contains(&partition))
    }

    /// The nodes that have a role.
    pub(crate) fn with(&self, role: NodeRole) -> impl Iterator<Item = &NodeRecord> {
        self.nodes.iter().filter(move |node| node.roles.has(role))
    }

    pub(crate) fn lives(&self, node: &NodeName) -> bool {
        self.names.contains(node)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::hub::node::{Changes, NodeState, known};
    use crate::ports::{Knows, NodeRoles, NodeVitals};

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
            roles: NodeRoles::default(),
            version: String::new(),
            since: 0,
            vitals: NodeVitals::default(),
            knows,
            passes: BTreeSet::new(),
            followers: None,
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
        let no_owner = NodeRecord { roles: [NodeRole::Clients].into_iter().collect(), ..node("c.1", Knows::default()) };
        let beside = View::of(vec![a.clone(), no_owner.clone()]);
        assert!(!beside.another_takes(4, me) && beside.an_owner_stays());
        assert!(!View::of(vec![no_owner]).an_owner_stays());
    }

    #[test]
    fn beats_tell_what_has_changed() {
        let state = NodeState::new("a", 4);
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
