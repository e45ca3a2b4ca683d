//! Whether a node may take traffic.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Millis, now_ms};
use crate::hub::node::NodeState;
use crate::hub::sessions::SessionMetrics;
use crate::ports::{BackplaneError, Cluster};

/// Why a node may take no traffic, as a sentence for those who look after it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotReady {
    /// It ends.
    #[error("draining: this node hands its work over")]
    Draining,
    /// It has no room for another connection.
    #[error("full: as many connections as this node takes")]
    Full,
    /// What nodes share failed.
    #[error(transparent)]
    Backplane(#[from] BackplaneError),
    /// What nodes share has not answered while it was waited for.
    #[error("the backplane does not answer")]
    Silent,
    /// What its clients send would not be stored.
    #[error("no live node has the role of owner: nothing that is sent can be stored")]
    NoOwner,
    /// The others may take it for dead.
    #[error("the node's lease is not renewed")]
    LeaseEnded,
}

/// Looks whether this node may take traffic.
pub(crate) struct Readiness {
    node: Arc<NodeState>,
    cluster: Arc<dyn Cluster>,
    metrics: SessionMetrics,
    /// Connections that the node takes at most; `None` where it takes no clients.
    capacity: Option<u64>,
    /// How long its lease lives without being renewed.
    lease: Duration,
}

// === impl Readiness ===

impl Readiness {
    pub(crate) fn new(
        node: Arc<NodeState>,
        cluster: Arc<dyn Cluster>,
        metrics: SessionMetrics,
        capacity: Option<u64>,
        lease: Duration,
    ) -> Self {
        Self { node, cluster, metrics, capacity, lease }
    }

    /// Whether this node may take traffic; otherwise why not.
    pub(crate) async fn ready(&self) -> Result<(), NotReady> {
        if self.node.is_draining() {
            return Err(NotReady::Draining);
        }
        if self.capacity.is_some_and(|capacity| self.metrics.sessions.get() >= capacity as i64) {
            return Err(NotReady::Full);
        }
        self.cluster.ping().await?;
        let since = now_ms() - self.node.last_beat();
        if since > self.lease.as_millis() as Millis {
            return Err(NotReady::LeaseEnded);
        }
        // It concerns those who send: the other nodes do their own work, whoever else lives.
        if self.capacity.is_some() && self.node.is_ownerless() {
            return Err(NotReady::NoOwner);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{MemoryCluster, metrics, node};
    use crate::ports::{NodeRecord, NodeRole};

    #[tokio::test]
    async fn a_node_takes_traffic_while_it_has_room_and_its_lease_and_is_answered() {
        let (cluster, node, metrics) = (Arc::<MemoryCluster>::default(), node(), metrics().sessions);
        let lease = Duration::from_secs(8);
        let readiness = Readiness::new(node.clone(), cluster.clone(), metrics.clone(), Some(1), lease);
        assert!(matches!(readiness.ready().await, Err(NotReady::LeaseEnded)));
        node.saw(Vec::new(), now_ms());
        assert!(readiness.ready().await.is_ok());
        cluster.link.be_silent(true);
        assert!(matches!(readiness.ready().await, Err(NotReady::Backplane(_))));
        metrics.sessions.inc();
        assert!(matches!(readiness.ready().await, Err(NotReady::Full)));
        node.drain();
        assert!(matches!(readiness.ready().await, Err(NotReady::Draining)));
    }

    #[tokio::test]
    async fn only_nodes_with_clients_wait_for_an_owner() {
        let (cluster, node, lease) = (Arc::<MemoryCluster>::default(), node(), Duration::from_secs(8));
        let ready = |capacity| Readiness::new(node.clone(), cluster.clone(), metrics().sessions, capacity, lease);
        let with = |name: &str, role| NodeRecord { roles: [role].into_iter().collect(), ..record(name) };
        let (clients, followers) = (ready(Some(9)), ready(None));
        node.saw(vec![with("a.1", NodeRole::Clients), with("b.1", NodeRole::Followers)], now_ms());
        assert!(matches!(clients.ready().await, Err(NotReady::NoOwner)));
        assert!(followers.ready().await.is_ok());
        node.saw(vec![with("a.1", NodeRole::Clients), with("c.1", NodeRole::Owner)], now_ms());
        assert!(clients.ready().await.is_ok());
    }
}
