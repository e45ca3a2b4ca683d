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

    /// This node among others, and what is told here and elsewhere.
    fn rig() -> (Peers, Arc<MemoryInboxes>, Arc<MemoryRegistry>, Arc<Told>) {
        let (inboxes, registry) = (Arc::<MemoryInboxes>::default(), Arc::<MemoryRegistry>::default());
        let (node, told) = (node(), Arc::<Told>::default());
        node.begin_life(record("a.1").node);
        node.saw(vec![record("a.1"), record("b.1")], 1);
        (Peers::new(inboxes.clone(), registry.clone(), node, told.clone()), inboxes, registry, told)
    }

    #[tokio::test]
    async fn what_may_be_lost_elsewhere_is_told_here_all_the_same() {
        let (peers, inboxes, registry, told) = rig();
        let group = GroupId::random();
        let typing = || PeerEvent::Typing { group: group.clone(), user: user("anna") };
        registry.routes.lock().insert(group.clone(), vec![record("b.1").node]);
        inboxes.be_silent(true);
        peers.tell_group(&group, typing()).await;
        assert_eq!((told.take().len(), inboxes.take().len()), (1, 0));
        registry.link.be_silent(true);
        peers.tell_group(&group, typing()).await;
        assert!(told.take().is_empty(), "who has members cannot be told");
    }

    #[tokio::test]
    async fn what_all_are_to_hear_reaches_all_or_is_refused() {
        let (peers, inboxes, _, told) = rig();
        peers.tell_all_nodes(vec![PeerEvent::Missed, PeerEvent::Freed]).await.unwrap();
        let posted = inboxes.take();
        let nodes: Vec<_> = posted.iter().map(|(node, events)| (node.as_str(), events.len())).collect();
        assert_eq!(nodes, [("a.1", 2), ("b.1", 2)], "this one hears it from its own inbox");
        assert!(told.take().is_empty());
        inboxes.be_silent(true);
        let refused = peers.tell_all_nodes(vec![PeerEvent::Missed]).await.unwrap_err();
        assert_eq!(refused.code, crate::domain::Code::Unavailable);
        assert!(peers.tell_node(&record("b.1").node, PeerEvent::Drain).await.is_err());
    }
}
