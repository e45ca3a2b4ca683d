//! Which node should work for a follower in a partition: rendezvous hashing over those that run it.

use sha2::{Digest, Sha256};

use crate::domain::NodeName;
use crate::ports::{NodeRecord, Partition};

/// The node with the highest score of those that live and stay and run the follower.
pub(super) fn first_choice<'a>(nodes: &'a [NodeRecord], follower: &str, partition: Partition) -> Option<&'a NodeName> {
    let runs = |node: &&NodeRecord| node.followers.as_ref().is_some_and(|names| names.contains(follower));
    let able = nodes.iter().filter(|node| !node.draining).filter(runs);
    able.map(|node| &node.node).max_by_key(|name| score(name.base(), follower, partition))
}

fn score(base: &str, follower: &str, partition: Partition) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(partition.to_be_bytes());
    // Each follower spreads in its own way; no name has a zero byte.
    hash.update(follower.as_bytes());
    hash.update([0]);
    hash.update(base.as_bytes());
    let mut score = [0; 8];
    score.copy_from_slice(&hash.finalize()[..8]);
    score
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::hub::node::tests::record;

    fn node(name: &str, followers: Option<&[&str]>) -> NodeRecord {
        let followers = followers.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        NodeRecord { followers, ..record(name) }
    }

    #[test]
    fn partitions_spread_over_those_that_run_the_follower() {
        let both = Some(&["one", "two"][..]);
        let nodes = [node("a.1", both), node("b.1", both), node("c.1", Some(&["two"])), node("old.1", None)];
        let leaving = [nodes[0].clone(), NodeRecord { draining: true, ..nodes[1].clone() }];
        let mut counts = HashMap::new();
        let mut alike = 0;
        for partition in 0..64 {
            let [one, two] = ["one", "two"].map(|name| first_choice(&nodes, name, partition).unwrap().base());
            *counts.entry(("one", one)).or_insert(0) += 1;
            *counts.entry(("two", two)).or_insert(0) += 1;
            alike += i32::from(one == two);
            assert_eq!(first_choice(&leaving, "one", partition).unwrap().base(), "a");
        }
        assert_eq!(counts.len(), 5, "{counts:?}");
        assert!(counts.values().all(|count| *count >= 10) && alike < 40, "{counts:?} {alike}");
        assert!(first_choice(&nodes, "three", 0).is_none());
    }
}
