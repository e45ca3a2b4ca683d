//! The door of the pipeline: sends come in.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::acks::{Acks, Reply, Stored, key_of};
use super::appends::Appends;
use super::repeats::Queued;
use crate::domain::Refusal;
use crate::hub::node::NodeState;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::ports::Append;

/// Takes sends in.
pub(crate) struct Publisher {
    acks: Arc<Acks>,
    appends: Arc<Appends>,
    node: Arc<NodeState>,
    metrics: PipelineMetrics,
}

// === impl Publisher ===

impl Publisher {
    pub(crate) fn new(acks: Arc<Acks>, appends: Arc<Appends>, node: Arc<NodeState>, metrics: PipelineMetrics) -> Self {
        Self { acks, appends, node, metrics }
    }

    /// Takes a send in. The answer goes to `reply`, once it is stored or refused.
    ///
    /// `on_demand`: its group is made where there is none, when it is sent again.
    pub(crate) fn publish(&self, append: Append, reply: Reply, on_demand: bool) {
        let key = key_of(&append);
        self.metrics.accepted.inc();
        if !self.acks.wait(key.clone(), reply) {
            return;
        }
        if let Err(refusal) = self.node.check_owner() {
            self.acks.answer(&key, &Err(refusal));
            return;
        }
        if !self.appends.enqueue(Queued { append, since: Instant::now(), again: false, on_demand }) {
            self.acks.answer(&key, &Err(Refusal::overloaded("too many messages wait for this group; try again")));
        }
    }

    /// Sends and waits for the answer.
    pub(crate) async fn publish_and_wait(&self, append: Append) -> Result<Stored, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.publish(append, Reply::Call(sender), false);
        receiver.await.unwrap_or_else(|_| Err(Refusal::unavailable()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cid, Code, GroupId, Kind};
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, user};
    use crate::ports::{NodeRecord, NodeRole, Standing};

    #[tokio::test]
    async fn a_send_is_refused_at_once_while_no_owner_lives() {
        let bed = Bed::new(MemoryStore::default());
        let publisher = bed.publisher();
        let clients = NodeRecord { roles: [NodeRole::Clients].into_iter().collect(), ..record("a.1") };
        bed.node.saw(vec![clients.clone()], 1);
        let (group, from, kind) = (GroupId::random(), user("anna"), Kind::Text);
        let (cid, traits, body) = (Cid::parse("c").unwrap(), kind.traits(), Default::default());
        let append = Append { group, from, cid, kind, traits, body, standing: Standing::Anybody };
        let refused = publisher.publish_and_wait(append.clone()).await.unwrap_err();
        assert_eq!(refused.code, Code::Unavailable);
        assert!(refused.message.contains("no node that stores"), "{}", refused.message);
        assert_eq!(bed.acks.pending(), 0);
        bed.node.saw(vec![clients, record("b.1")], 2);
        publisher.publish(append, Reply::Call(oneshot::channel().0), false);
        assert_eq!(bed.acks.pending(), 1, "it waits for its owner");
    }
}
