//! The nodes that had a route to a group when it last moved on: a guess whom its next event concerns, so
//! that a commit can tell them in the same step.

use std::collections::{BTreeSet, HashMap};

use parking_lot::Mutex;

use crate::domain::{GroupId, NodeName};

/// Groups that are kept in mind; beyond it all are forgotten, and learnt again.
const GROUPS: usize = 16_384;

/// Whom each group's events went to. Wrong guesses cost a round trip, nothing else.
#[derive(Default)]
pub(crate) struct RouteHints(Mutex<HashMap<GroupId, Vec<NodeName>>>);

// === impl RouteHints ===

impl RouteHints {
    /// Adds the nodes of a group to `hinted`.
    pub(super) fn extend(&self, hinted: &mut BTreeSet<NodeName>, group: &GroupId) {
        if let Some(nodes) = self.0.lock().get(group) {
            hinted.extend(nodes.iter().cloned());
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
        let route_hints = RouteHints::default();
        let (group, other) = (GroupId::random(), GroupId::random());
        let [a, b] = ["a.1", "b.1"].map(|name| NodeName::parse(name).unwrap());
        route_hints.learn(&group, &[a.clone(), b.clone()]);
        route_hints.learn(&group, std::slice::from_ref(&b));
        let mut hinted = BTreeSet::from([a.clone()]);
        route_hints.extend(&mut hinted, &other);
        assert_eq!(hinted, BTreeSet::from([a.clone()]));
        route_hints.extend(&mut hinted, &group);
        assert_eq!(hinted, BTreeSet::from([a, b]));
    }

    #[test]
    fn many_groups_take_bounded_memory() {
        let route_hints = RouteHints::default();
        (0..=GROUPS).for_each(|_| route_hints.learn(&GroupId::random(), &[]));
        assert!(route_hints.0.lock().len() <= GROUPS);
    }
}
