//! The nodes that had a route to a group when it last moved on: a guess whom its next event concerns, so
//! that a commit can tell them in the same step.

use std::collections::{BTreeSet, HashMap};

use parking_lot::Mutex;

use crate::domain::{GroupId, NodeName};

/// Groups that are kept in mind; beyond it all are forgotten, and learnt again.
const GROUPS: usize = 16_384;

/// Whom each group's events went to. Wrong guesses cost a round trip, nothing else.
#[derive(Default)]
pub(crate) struct Neighbours(Mutex<HashMap<GroupId, Vec<NodeName>>>);

// === impl Neighbours ===

impl Neighbours {
    /// Adds the nodes of a group to `reach`.
    pub(super) fn extend(&self, reach: &mut BTreeSet<NodeName>, group: &GroupId) {
        if let Some(nodes) = self.0.lock().get(group) {
            reach.extend(nodes.iter().cloned());
        }
    }

    /// Keeps what a commit found.
    pub(super) fn learn(&self, group: &GroupId, nodes: &[NodeName]) {
        let mut groups = self.0.lock();
        match groups.get_mut(group) {
            Some(known) if known == nodes => {}
            Some(known) => *known = nodes.to_vec(),
            None => {
                if groups.len() >= GROUPS {
                    groups.clear();
                }
                groups.insert(group.clone(), nodes.to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_nodes_of_a_group_are_guessed() {
        let neighbours = Neighbours::default();
        let (group, other) = (GroupId::random(), GroupId::random());
        let [a, b] = ["a.1", "b.1"].map(|name| NodeName::parse(name).unwrap());
        neighbours.learn(&group, &[a.clone(), b.clone()]);
        neighbours.learn(&group, std::slice::from_ref(&b));
        let mut reach = BTreeSet::from([a.clone()]);
        neighbours.extend(&mut reach, &other);
        assert_eq!(reach, BTreeSet::from([a.clone()]));
        neighbours.extend(&mut reach, &group);
        assert_eq!(reach, BTreeSet::from([a, b]));
    }

    #[test]
    fn many_groups_take_bounded_memory() {
        let neighbours = Neighbours::default();
        (0..=GROUPS).for_each(|_| neighbours.learn(&GroupId::random(), &[]));
        assert!(neighbours.0.lock().len() <= GROUPS);
    }
}
