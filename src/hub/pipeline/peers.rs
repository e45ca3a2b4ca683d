//! Items for other nodes, outside of commits.

use std::sync::Arc;

use crate::domain::{GroupId, NodeName, Refusal};
use crate::hub::codec::{PeerEvent, PeerMessage};
use crate::hub::node::NodeState;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::{Inboxes, Registry};

/// The other nodes, as far as they are told something.
pub(crate) struct Peers {
    inboxes: Arc<dyn Inboxes>,
    registry: Arc<dyn Registry>,
    node: Arc<NodeState>,
    upcalls: Arc<dyn Upcalls>,
}

// === impl Peers ===

impl Peers {
    pub(crate) fn new(
        inboxes: Arc<dyn Inboxes>,
        registry: Arc<dyn Registry>,
        node: Arc<NodeState>,
        upcalls: Arc<dyn Upcalls>,
    ) -> Self {
        Self { inboxes, registry, node, upcalls }
    }

    /// Puts an item that may be lost into the inboxes of the nodes with members of a group.
    pub(crate) async fn tell_group(&self, group: &GroupId, item: PeerEvent) {
        let Ok(nodes) = self.registry.routes(self.node.partition(group), group).await else { return };
        let peer_message = PeerMessage::encode(std::slice::from_ref(&item));
        let me = self.node.name();
        let posts: Vec<_> =
            nodes.into_iter().filter(|node| *node != me).map(|node| (node, peer_message.clone())).collect();
        self.upcalls.tell(Upcall::Peer(item));
        if !posts.is_empty() && self.inboxes.post(&posts).await.is_err() {
            tracing::debug!("something that may be lost was lost");
        }
    }

    /// Puts items into the inboxes of all live nodes, this one included.
    pub(crate) async fn tell_all_nodes(&self, items: Vec<PeerEvent>) -> Result<(), Refusal> {
        let peer_message = PeerMessage::encode(&items);
        let view = self.node.view();
        let posts: Vec<_> = view.nodes.iter().map(|node| (node.node.clone(), peer_message.clone())).collect();
        Ok(self.inboxes.post(&posts).await?)
    }

    /// Puts an item into the inbox of one node.
    pub(crate) async fn tell_node(&self, node: &NodeName, item: PeerEvent) -> Result<(), Refusal> {
        Ok(self.inboxes.post(&[(node.clone(), PeerMessage::encode(&[item]))]).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{MemoryInboxes, MemoryRegistry, Told, node, user};

    #[tokio::test]
    async fn a_group_is_told_here_at_once_and_elsewhere_where_it_has_routes() {
        let (inboxes, registry) = (Arc::<MemoryInboxes>::default(), Arc::<MemoryRegistry>::default());
        let (node, told, group) = (node(), Arc::<Told>::default(), GroupId::random());
        node.begin_life(record("a.1").node);
        registry.routes.lock().insert(group.clone(), ["a.1", "b.1"].map(|name| record(name).node).to_vec());
        let peers = Peers::new(inboxes.clone(), registry, node, told.clone());
        peers.tell_group(&group, PeerEvent::Typing { group: group.clone(), user: user("anna") }).await;
        assert_eq!(told.take().len(), 1);
        assert_eq!(inboxes.take().iter().map(|(node, _)| node.as_str()).collect::<Vec<_>>(), ["b.1"]);
    }
}
