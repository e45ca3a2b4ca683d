//! Where clients should connect.

use std::sync::Arc;

use crate::hub::node::NodeState;
use crate::ports::{NodeRecord, NodeRole};

/// Where to connect.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// The node's public URL; `None` when this node should be used and has none configured.
    pub url: Option<String>,
    /// The node.
    pub node: String,
}

/// Places clients on nodes.
pub(crate) struct Placement {
    node: Arc<NodeState>,
}

// === impl Placement ===

impl Placement {
    pub(crate) fn new(node: Arc<NodeState>) -> Self {
        Self { node }
    }

    /// Public URLs of the live nodes that take clients.
    pub(crate) fn public_urls(&self) -> Vec<String> {
        self.node.view().with(NodeRole::Clients).filter_map(|node| node.public_url.clone()).collect()
    }

    /// The live nodes, as of the last beat.
    pub(crate) fn nodes(&self) -> Vec<NodeRecord> {
        self.node.view().nodes.clone()
    }

    /// The best node: where most room is left.
    pub(crate) fn location(&self) -> Location {
        let view = self.node.view();
        let room = |node: &NodeRecord| (node.capacity.saturating_sub(node.connections), node.node.clone());
        let staying = view.with(NodeRole::Clients).filter(|node| !node.draining && node.public_url.is_some());
        match staying.max_by_key(|node| room(node)) {
            Some(node) => Location { url: node.public_url.clone(), node: node.node.base().into() },
            None => Location { url: None, node: self.node.name().base().into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::node;

    #[test]
    fn clients_are_sent_to_where_most_room_is_left() {
        let (node, placement) = (node(), |node| Placement::new(node));
        let placement = placement(node.clone());
        assert_eq!(placement.location().url, None);
        let at = |name: &str, connections, draining| NodeRecord {
            public_url: Some(format!("wss://{name}/ws")),
            connections,
            capacity: 10,
            draining,
            ..record(name)
        };
        node.saw(vec![at("a.1", 5, false), at("b.1", 2, false), at("c.1", 0, true)], 1);
        assert_eq!(placement.location(), Location { url: Some("wss://b.1/ws".into()), node: "b".into() });
        assert_eq!(placement.public_urls().len(), 3);
        let owner = NodeRecord { roles: [NodeRole::Owner].into_iter().collect(), ..at("d.1", 0, false) };
        node.saw(vec![at("a.1", 5, false), owner], 2);
        assert_eq!((placement.location().node.as_str(), placement.public_urls().len()), ("a", 1));
    }
}
