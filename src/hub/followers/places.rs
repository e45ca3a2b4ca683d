//! Who works for which follower, as nodes tell it.

use std::collections::BTreeSet;

use crate::domain::NodeName;
use crate::ports::{FollowerVitals, NodeRecord, Partition};

/// A follower's work in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowerPlace {
    /// The follower.
    pub follower: String,
    /// The partition.
    pub partition: Partition,
    /// The node that works there; nobody, for a while, after a node's death.
    pub node: Option<NodeName>,
    /// How far it is behind there, as of that node's last beat.
    pub lag: FollowerVitals,
}

/// Of each follower that a live node runs all partitions.
pub(crate) fn places(nodes: &[NodeRecord], partitions: Partition) -> Vec<FollowerPlace> {
    let names: BTreeSet<&String> = nodes.iter().filter_map(|node| node.followers.as_ref()).flatten().collect();
    let places = names.iter().flat_map(|name| (0..partitions).map(move |partition| (*name, partition)));
    let place = |(follower, partition): (&String, Partition)| {
        let works = |node: &NodeRecord| {
            let lag = *node.vitals.followers.get(follower)?.get(&partition)?;
            Some((node.node.clone(), lag))
        };
        let (node, lag) = nodes.iter().find_map(works).unzip();
        FollowerPlace { follower: follower.clone(), partition, node, lag: lag.unwrap_or_default() }
    };
    places.map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;

    #[test]
    fn every_partition_of_every_follower_is_told() {
        let lag = FollowerVitals { events: 7, seconds: 2 };
        let mut one = NodeRecord { followers: Some(["journal".to_owned()].into()), ..record("a.1") };
        one.vitals.followers.insert("journal".into(), [(1, lag)].into());
        let told = places(&[one, record("old.1")], 2);
        let told: Vec<_> = told.iter().map(|place| (place.partition, place.node.is_some(), place.lag)).collect();
        assert_eq!(told, [(0, false, FollowerVitals::default()), (1, true, lag)]);
    }
}
