//! A group is deleted, and a document made where one may have been.

use std::sync::Arc;

use crate::domain::{Group, GroupId, Refusal};
use crate::hub::codec::PeerEvent;
use crate::hub::groups::Lives;
use crate::hub::node::NodeState;
use crate::hub::pipeline::peers::Peers;
use crate::ports::{Deletion, GroupStates, GroupStore, MessageStore};

/// Tries to make a group while others delete and make it.
const TRIES: usize = 3;

/// Deletes groups.
pub(crate) struct GroupDeletion {
    documents: Arc<dyn GroupStore>,
    messages: Arc<dyn MessageStore>,
    states: Arc<dyn GroupStates>,
    node: Arc<NodeState>,
    lives: Arc<Lives>,
    peers: Arc<Peers>,
}

// === impl GroupDeletion ===

impl GroupDeletion {
    pub(crate) fn new(
        documents: Arc<dyn GroupStore>,
        messages: Arc<dyn MessageStore>,
        states: Arc<dyn GroupStates>,
        node: Arc<NodeState>,
        lives: Arc<Lives>,
        peers: Arc<Peers>,
    ) -> Self {
        Self { documents, messages, states, node, lives, peers }
    }

    /// Deletes a group with everything in it. Repeat it when it fails half-way.
    pub(crate) async fn delete_group(&self, id: &GroupId) -> Result<(), Refusal> {
        let deletion = self.documents.begin_deletion(id).await?;
        let deletion = deletion.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        self.finish_deletion(id, &deletion).await
    }

    /// Nobody finds the group any more, so nobody restores what is forgotten here. Nodes are told before it can begin
    /// anew.
    async fn finish_deletion(&self, id: &GroupId, deletion: &Deletion) -> Result<(), Refusal> {
        let base = match deletion.base {
            Some(base) => base,
            None => {
                let stored = self.messages.head(id).await?;
                let forgotten = self.states.forget_group(self.node.partition(id), id, deletion.life, stored).await;
                forgotten?
            }
        };
        self.lives.group_deleted(id, base.seq);
        self.peers.tell_all_nodes(vec![PeerEvent::Deleted { group: id.clone(), base: base.seq }]).await?;
        self.documents.finish_deletion(id, deletion, base).await?;
        // Followers compare all groups from time to time: one of which this was lost is found then.
        if self.states.note_move(self.node.partition(id), id).await.is_err() {
            tracing::debug!(group = %id, "followers hear late of a group that was deleted");
        }
        Ok(())
    }

    /// Stores a new group's document; false when it is there. A deletion that is half done, by a node that may have
    /// died over it, is finished first.
    pub(crate) async fn make_document(&self, group: &Group) -> Result<bool, Refusal> {
        for _ in 0..TRIES {
            if self.documents.create_group(group).await? {
                return Ok(true);
            }
            match self.documents.deletion(&group.id).await? {
                None => return Ok(false),
                Some(deletion) if deletion.base.is_none() => self.finish_deletion(&group.id, &deletion).await?,
                Some(_) => {}
            }
        }
        Err(Refusal::unavailable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, group, local, text};

    #[tokio::test]
    async fn a_group_goes_with_all_that_was_said_and_every_node_hears_of_it() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], [text(&id, 1, "anna")]));
        bed.node.saw(vec![record("b.1")], 1);
        local(&bed.groups, group(&id, &["anna"]), 1);
        let (store, lives) = (bed.store.clone(), bed.lives.clone());
        let (log, node, peers) = (bed.log.clone(), bed.node.clone(), bed.peers.clone());
        let deletion = GroupDeletion::new(store.clone(), store, log, node, lives, peers);
        deletion.delete_group(&id).await.unwrap();
        assert!(bed.groups.get(&id).is_none() && bed.store.all(&id).is_empty());
        assert!(matches!(bed.inboxes.take()[0].1[..], [PeerEvent::Deleted { base: 2, .. }]));
        assert_eq!(*bed.log.noted.lock(), std::slice::from_ref(&id));
        assert_eq!(deletion.delete_group(&id).await.unwrap_err().code, Code::NotFound);
    }
}
