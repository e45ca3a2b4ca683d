//! Operators have nodes end, here or through another node.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::domain::{NodeName, Refusal};
use crate::hub::codec::PeerEvent;
use crate::hub::node::NodeState;
use crate::hub::pipeline::peers::Peers;

/// Orders that a node drains.
pub(crate) struct DrainOrders {
    peers: Arc<Peers>,
    node: Arc<NodeState>,
    /// Cancelled when an operator wants the node to end.
    ordered: CancellationToken,
}

// === impl DrainOrders ===

impl DrainOrders {
    pub(crate) fn new(peers: Arc<Peers>, node: Arc<NodeState>) -> Self {
        Self { peers, node, ordered: CancellationToken::new() }
    }

    /// Resolves when an operator has ordered this node to end.
    pub(crate) async fn ordered(&self) {
        self.ordered.cancelled().await;
    }

    /// Has a node of the cluster end in good order: this one, or another by a peer message.
    pub(crate) async fn order(&self, node: &str) -> Result<(), Refusal> {
        let named = |name: &NodeName| name.as_str() == node || name.base() == node;
        if named(&self.node.name()) {
            self.take();
            return Ok(());
        }
        let view = self.node.view();
        let found = view.nodes.iter().find(|record| named(&record.node));
        let found = found.ok_or_else(|| Refusal::not_found(format!("there is no node {node:?} in the cluster")))?;
        self.peers.tell_node(&found.node, PeerEvent::Drain).await
    }

    /// This node is to end.
    pub(crate) fn take(&self) {
        tracing::info!("an operator has this node drained");
        self.ordered.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore};

    #[tokio::test]
    async fn an_order_reaches_the_node_that_it_names() {
        let bed = Bed::new(MemoryStore::default());
        bed.node.begin_life(record("a.1").node);
        bed.node.saw(vec![record("a.1"), record("b.1")], 1);
        let orders = DrainOrders::new(bed.peers.clone(), bed.node.clone());
        orders.order("b").await.unwrap();
        assert!(
            matches!(&bed.inboxes.take()[..], [(node, events)] if node == "b.1" && matches!(events[..], [PeerEvent::Drain]))
        );
        assert_eq!(orders.order("c").await.unwrap_err().code, Code::NotFound);
        orders.order("a").await.unwrap();
        orders.ordered().await;
    }
}
