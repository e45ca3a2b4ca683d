//! Whose a partition should be: rendezvous hashing over the live nodes of a role.

use sha2::{Digest, Sha256};

use crate::domain::NodeName;
use crate::ports::{NodeRecord, NodeRole, Partition};

/// The node that should own a partition: the highest score of the owners that live and stay and do not pass it on. Where
/// all of them pass it on, it is one of these, so that it has an owner.
pub(crate) fn first_choice(nodes: &[NodeRecord], partition: Partition) -> Option<&NodeName> {
    first_with(NodeRole::Owner, nodes, partition)
}

/// The node of a role that should see to a partition, by the same rule.
fn first_with(role: NodeRole, nodes: &[NodeRecord], partition: Partition) -> Option<&NodeName> {
    let best = |passing: bool| {
        let staying = nodes.iter().filter(|node| !node.draining && node.roles.has(role));
        let able = staying.filter(|node| passing || !node.passes.contains(&partition));
        able.map(|node| &node.node).max_by_key(|name| score(name.base(), partition))
    };
    best(false).or_else(|| best(true))
}

fn score(base: &str, partition: Partition) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(partition.to_be_bytes());
    hash.update(base.as_bytes());
    let mut score = [0; 8];
    score.copy_from_slice(&hash.finalize()[..8]);
    score
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    use crate::hub::node::tests::record;

    fn node(name: &str, draining: bool) -> NodeRecord {
        NodeRecord { draining, ..record(name) }
    }

    #[test]
    fn partitions_spread_and_only_those_of_a_leaver_move() {
        let three = [node("a.1", false), node("b.1", false), node("c.1", false)];
        let leaving = [node("a.1", false), node("b.1", true), node("c.1", false)];
        let mut counts = HashMap::new();
        for partition in 0..64 {
            let before = first_choice(&three, partition).unwrap();
            *counts.entry(before.to_string()).or_insert(0) += 1;
            let after = first_choice(&leaving, partition).unwrap();
            assert!(before.base() == "b" || before == after);
            assert_ne!(after.base(), "b");
        }
        assert!(counts.values().all(|count| *count >= 10), "{counts:?}");
        assert!(first_choice(&[], 0).is_none());
    }

    #[test]
    fn partitions_go_to_owners_alone() {
        let with = |name: &str, role| NodeRecord { roles: [role].into_iter().collect(), ..record(name) };
        let nodes = [with("a.1", NodeRole::Clients), with("b.1", NodeRole::Followers), record("c.1")];
        for partition in 0..64 {
            assert_eq!(first_choice(&nodes, partition).unwrap().base(), "c", "a record without roles has all");
            assert!(first_choice(&nodes[..2], partition).is_none());
            assert_ne!(first_with(NodeRole::Followers, &nodes, partition).unwrap().base(), "a");
        }
    }

    #[test]
    fn a_partition_that_its_first_choice_passes_on_goes_to_the_next_and_no_other_moves() {
        let mut nodes = [node("a.1", false), node("b.1", false), node("c.1", true)];
        let before: Vec<_> = (0..64).map(|partition| first_choice(&nodes, partition).unwrap().clone()).collect();
        let passed = before.iter().position(|first| first.base() == "a").unwrap() as Partition;
        nodes[0].passes.insert(passed);
        for (partition, first) in (0..).zip(&before) {
            let now = first_choice(&nodes, partition).unwrap();
            assert_eq!(now.base(), if partition == passed { "b" } else { first.base() });
        }
        // It is nobody's business who leaves.
        nodes[1].passes.insert(passed);
        assert_eq!(first_choice(&nodes, passed), Some(&before[usize::from(passed)]));
    }
}
