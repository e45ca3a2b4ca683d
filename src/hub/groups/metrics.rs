//! What is counted of groups on this node.

use prometheus::{IntCounter, IntGauge};

use crate::hub::metrics::CommonMetrics;
use crate::kernel::Maker;

/// Metrics of groups.
#[derive(Debug, Clone)]
pub(crate) struct GroupMetrics {
    pub(crate) local_groups: IntGauge,
    pub(crate) delivered: IntCounter,
    pub(crate) repaired_events: IntCounter,
    pub(crate) replayed: IntCounter,
    pub(crate) common: CommonMetrics,
}

// === impl GroupMetrics ===

impl GroupMetrics {
    pub(crate) fn register(make: &Maker, common: CommonMetrics) -> prometheus::Result<Self> {
        Ok(Self {
            local_groups: make.gauge("local_groups", "Groups with at least one session on this node.")?,
            delivered: make.counter("messages_delivered_total", "Events handed to sessions of this node.")?,
            repaired_events: make.counter("repaired_events_total", "Events fetched again to fill holes.")?,
            replayed: make.counter("replayed_events_total", "Events replayed to resuming sessions.")?,
            common,
        })
    }
}
