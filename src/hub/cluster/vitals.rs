//! How a node has been doing, as its record tells the others.

use std::collections::BTreeMap;

use prometheus::core::Metric;
use prometheus::{Histogram, IntCounter, IntGauge};

use super::metrics::ClusterMetrics;
use crate::domain::{Code, Millis};
use crate::hub::counted::PartMetrics;
use crate::hub::groups::GroupMetrics;
use crate::hub::metrics::Stage;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::sessions::SessionMetrics;
use crate::ports::NodeVitals;

/// What is counted and told to the others.
pub(crate) struct Vitals {
    pub(crate) parts: PartMetrics,
    pub(crate) pipeline: PipelineMetrics,
    pub(crate) groups: GroupMetrics,
    pub(crate) sessions: SessionMetrics,
    pub(crate) cluster: ClusterMetrics,
    /// What the node's messages to itself took.
    pub(crate) probe: Histogram,
    /// Those that did not come back.
    pub(crate) lost_probes: IntCounter,
}

// === impl Vitals ===

impl Vitals {
    /// Sessions of this node.
    pub(crate) fn connections(&self) -> u64 {
        whole(&self.sessions.sessions)
    }

    /// How this node has been doing.
    pub(crate) fn told(&self, now: Millis) -> NodeVitals {
        let (pipeline, common) = (&self.pipeline, &self.pipeline.common);
        let (lag, pending) = pipeline.logs.backlog();
        NodeVitals {
            time: now,
            followers: BTreeMap::new(),
            users: whole(&self.sessions.users_online),
            pending_sends: whole(&pipeline.pending_sends),
            partitions: whole(&pipeline.owned_partitions),
            lag,
            pending,
            accepted: pipeline.accepted.get(),
            acked: pipeline.acked.get(),
            delivered: self.groups.delivered.get(),
            rejected: occurred(Code::ALL.map(|code| (code.as_str(), common.rejections(code)))),
            faults: self.faults(),
            latency: counts(common.stage(Stage::EndToEnd)),
            probe: counts(&self.probe),
            stages: Stage::ALL
                .into_iter()
                .filter(|stage| *stage != Stage::EndToEnd)
                .map(|stage| (stage.name().to_owned(), counts(common.stage(stage))))
                .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
                .collect(),
        }
    }

    fn faults(&self) -> BTreeMap<String, u64> {
        let (pipeline, cluster) = (&self.pipeline, &self.cluster);
        occurred([
            ("backplane_error", self.parts.errors("backplane").get()),
            ("store_error", self.parts.errors("store").get()),
            ("probe_lost", self.lost_probes.get()),
            ("lease_lost", cluster.reregistrations.get()),
            ("node_reaped", cluster.reaps.get()),
            ("entries_claimed", pipeline.claims.get()),
            ("hole_repaired", pipeline.common.repairs.get()),
            ("state_restored", pipeline.restores.get()),
            ("resequenced", pipeline.resequenced.get()),
            ("void", pipeline.voids.get()),
        ])
    }
}

fn whole(gauge: &IntGauge) -> u64 {
    gauge.get().max(0) as u64
}

/// Those of which there were any.
fn occurred<const N: usize>(counted: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counted.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_owned(), count)).collect()
}

/// How many observations lie up to each edge and above the one before, and how many above all.
fn counts(histogram: &Histogram) -> Vec<u64> {
    let metric = histogram.metric();
    let told = metric.get_histogram();
    let up_to = told.get_bucket().iter().map(|bucket| bucket.cumulative_count());
    let mut before = 0;
    let all = up_to.chain([told.get_sample_count()]);
    all.map(|count| count.saturating_sub(std::mem::replace(&mut before, count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::metrics::LATENCY_EDGES;
    use crate::hub::testing::metrics;

    #[test]
    fn vitals_count_what_happened_and_nothing_else() {
        let metrics = metrics();
        let vitals = metrics.vitals();
        let quiet = vitals.told(1);
        assert!(quiet.rejected.is_empty() && quiet.faults.is_empty());
        assert_eq!(quiet.latency, vec![0; LATENCY_EDGES.len() + 1]);
        metrics.common.took(Stage::Store, 0.004);
        metrics.common.took(Stage::EndToEnd, 0.0015);
        metrics.common.took(Stage::EndToEnd, 99.0);
        metrics.common.rejected(Code::Overloaded);
        metrics.parts.errors("store").inc();
        let vitals = vitals.told(2);
        assert_eq!((vitals.latency[3], vitals.latency[16]), (1, 1));
        assert_eq!(vitals.latency.iter().sum::<u64>(), 2);
        assert_eq!(vitals.rejected["overloaded"], 1);
        assert_eq!((vitals.stages.len(), vitals.stages["store"][5]), (1, 1));
        assert_eq!(vitals.faults.keys().collect::<Vec<_>>(), ["store_error"]);
    }
}
