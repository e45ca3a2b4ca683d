//! What a dead node had registered is cleared away.

use std::sync::Arc;

use super::metrics::ClusterMetrics;
use crate::domain::NodeName;
use crate::hub::node::NodeState;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::Cluster;

/// Clears dead nodes away.
pub(crate) struct Reaper {
    cluster: Arc<dyn Cluster>,
    node: Arc<NodeState>,
    upcalls: Arc<dyn Upcalls>,
    metrics: ClusterMetrics,
}

// === impl Reaper ===

impl Reaper {
    pub(crate) fn new(
        cluster: Arc<dyn Cluster>,
        node: Arc<NodeState>,
        upcalls: Arc<dyn Upcalls>,
        metrics: ClusterMetrics,
    ) -> Self {
        Self { cluster, node, upcalls, metrics }
    }

    pub(crate) async fn reap(&self, dead: &NodeName) {
        match self.cluster.reap(dead, self.node.partitions()).await {
            Ok(users) => {
                self.metrics.reaps.inc();
                tracing::info!(node = %dead, users = users.len(), "cleared away a dead node");
                self.upcalls.tell(Upcall::NodeGone(users));
            }
            Err(error) => {
                tracing::warn!(%error, node = %dead, "a dead node is still to be cleared away");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{MemoryCluster, Told, metrics, node, user};

    #[tokio::test]
    async fn whose_node_is_dead_is_told_above() {
        let (cluster, told) = (Arc::<MemoryCluster>::default(), Arc::<Told>::default());
        cluster.of_dead.lock().push(user("anna"));
        Reaper::new(cluster, node(), told.clone(), metrics().cluster).reap(&record("dead.1").node).await;
        assert!(matches!(&told.take()[..], [one] if one.starts_with("node gone") && one.contains("anna")));
    }
}
