//! What is counted of the node among the others.

use prometheus::{IntCounter, IntGauge, IntGaugeVec};

use crate::kernel::Maker;
use crate::ports::{NodeRecord, NodeRole};

/// Metrics of the cluster as this node sees it.
#[derive(Debug, Clone)]
pub(crate) struct ClusterMetrics {
    live_nodes: IntGauge,
    /// Those of them that have each role, in the order of the roles.
    nodes_with_role: [IntGauge; NodeRole::ALL.len()],
    pub(crate) reaps: IntCounter,
    pub(crate) reregistrations: IntCounter,
    pub(crate) draining: IntGauge,
}

// === impl ClusterMetrics ===

impl ClusterMetrics {
    pub(crate) fn register(make: &Maker) -> prometheus::Result<Self> {
        Ok(Self {
            live_nodes: make.gauge("live_nodes", "Nodes whose leases live, as this node sees them.")?,
            nodes_with_role: nodes_with_role(make)?,
            reaps: make.counter("reaps_total", "Dead nodes cleared away by this node.")?,
            reregistrations: make.counter("reregistrations_total", "Times this node found its lease gone.")?,
            draining: make.gauge("draining", "1 while this node hands its work over.")?,
        })
    }

    /// Notes which nodes live.
    pub(crate) fn live(&self, nodes: &[NodeRecord]) {
        self.live_nodes.set(nodes.len() as i64);
        for (role, gauge) in NodeRole::ALL.into_iter().zip(&self.nodes_with_role) {
            gauge.set(nodes.iter().filter(|node| node.roles.has(role)).count() as i64);
        }
    }
}

fn nodes_with_role(make: &Maker) -> prometheus::Result<[IntGauge; NodeRole::ALL.len()]> {
    let help = "Live nodes that have a role, as this node sees them.";
    let gauges: IntGaugeVec = make.gauges("nodes_with_role", help, &["role"])?;
    Ok(NodeRole::ALL.map(|role| gauges.with_label_values(&[role.as_str()])))
}
