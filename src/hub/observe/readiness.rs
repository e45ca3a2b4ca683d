//! Whether a node may take traffic.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Millis, now_ms};
use crate::hub::metrics::Metrics;
use crate::hub::node::NodeState;
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
    /// The others may take it for dead.
    #[error("the node's lease is not renewed")]
    LeaseEnded,
}

/// Looks whether this node may take traffic.
pub(crate) struct Readiness {
    node: Arc<NodeState>,
    cluster: Arc<dyn Cluster>,
    metrics: Metrics,
    /// Connections that the node takes at most.
    capacity: u64,
    /// How long its lease lives without being renewed.
    lease: Duration,
}

// === impl Readiness ===

impl Readiness {
    pub(crate) fn new(
        node: Arc<NodeState>,
        cluster: Arc<dyn Cluster>,
        metrics: Metrics,
        capacity: u64,
        lease: Duration,
    ) -> Self {
        Self { node, cluster, metrics, capacity, lease }
    }

    /// Whether this node may take traffic; otherwise why not.
    pub(crate) async fn ready(&self) -> Result<(), NotReady> {
        if self.node.is_draining() {
            return Err(NotReady::Draining);
        }
        if self.metrics.sessions.get() >= self.capacity as i64 {
            return Err(NotReady::Full);
        }
        self.cluster.ping().await?;
        let since = now_ms() - self.node.last_beat();
        if since > self.lease.as_millis() as Millis {
            return Err(NotReady::LeaseEnded);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;
    use crate::hub::testing::{MemoryCluster, metrics, node};

    #[tokio::test]
    async fn a_node_takes_traffic_while_it_has_room_and_its_lease_and_is_answered() {
        let (cluster, node, metrics) = (Arc::<MemoryCluster>::default(), node(), metrics());
        let lease = Duration::from_secs(8);
        let readiness = Readiness::new(node.clone(), cluster.clone(), metrics.clone(), 1, lease);
        assert!(matches!(readiness.ready().await, Err(NotReady::LeaseEnded)));
        node.saw(Vec::new(), now_ms());
        assert!(readiness.ready().await.is_ok());
        cluster.silent.store(true, Relaxed);
        assert!(matches!(readiness.ready().await, Err(NotReady::Backplane(_))));
        metrics.sessions.inc();
        assert!(matches!(readiness.ready().await, Err(NotReady::Full)));
        node.drain();
        assert!(matches!(readiness.ready().await, Err(NotReady::Draining)));
    }
}
