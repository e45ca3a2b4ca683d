//! The metrics of all rooms, registered.

use prometheus::Registry;

use crate::hub::cluster::{ClusterMetrics, Vitals};
use crate::hub::counted::PartMetrics;
use crate::hub::followers::FollowerMetrics;
use crate::hub::groups::GroupMetrics;
use crate::hub::metrics::CommonMetrics;
use crate::hub::observe::ProbeMetrics;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::sessions::SessionMetrics;
use crate::kernel::Maker;

/// The hub's metrics, registered once: each room's are its own, and made in its `metrics.rs`.
#[derive(Debug, Clone)]
pub struct Metrics {
    pub(crate) common: CommonMetrics,
    pub(crate) parts: PartMetrics,
    pub(crate) pipeline: PipelineMetrics,
    pub(crate) groups: GroupMetrics,
    pub(crate) sessions: SessionMetrics,
    pub(crate) cluster: ClusterMetrics,
    pub(crate) followers: FollowerMetrics,
    pub(crate) probe: ProbeMetrics,
}

// === impl Metrics ===

impl Metrics {
    /// Makes and registers all of the hub's metrics. Fails only when they are registered twice.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let make = Maker::new(registry, "hubbub");
        let common = CommonMetrics::register(&make)?;
        Ok(Self {
            parts: PartMetrics::register(&make)?,
            pipeline: PipelineMetrics::register(&make, common.clone())?,
            groups: GroupMetrics::register(&make, common.clone())?,
            sessions: SessionMetrics::register(&make)?,
            cluster: ClusterMetrics::register(&make)?,
            followers: FollowerMetrics::register(registry)?,
            probe: ProbeMetrics::register(&make)?,
            common,
        })
    }

    /// What is told of them to the other nodes.
    pub(crate) fn vitals(&self) -> Vitals {
        Vitals {
            parts: self.parts.clone(),
            pipeline: self.pipeline.clone(),
            groups: self.groups.clone(),
            sessions: self.sessions.clone(),
            cluster: self.cluster.clone(),
            probe: self.probe.seconds.clone(),
            lost_probes: self.probe.failures.clone(),
        }
    }
}
