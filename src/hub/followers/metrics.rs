//! What followers count.

use prometheus::{Error, Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::wants::Reason;
use crate::kernel::Maker;

/// The metrics of all followers of this node.
#[derive(Debug, Clone)]
pub struct FollowerMetrics {
    lag_events: IntGaugeVec,
    lag_seconds: GaugeVec,
    partitions: IntGaugeVec,
    events: IntCounterVec,
    failures: IntCounterVec,
    comparisons: IntCounterVec,
    due_done: IntCounterVec,
    due_overdue: IntGaugeVec,
    due_overdue_seconds: GaugeVec,
}

/// The metrics of one follower.
#[derive(Debug, Clone)]
pub(crate) struct OneFollower {
    pub(super) lag_events: IntGauge,
    pub(super) lag_seconds: Gauge,
    pub(super) partitions: IntGauge,
    pub(super) events: IntCounter,
    pub(super) failures: IntCounter,
    pub(super) due_done: IntCounter,
    pub(super) due_overdue: IntGauge,
    pub(super) due_overdue_seconds: Gauge,
}

// === impl FollowerMetrics ===

impl FollowerMetrics {
    /// Makes and registers them. Fails only when they are registered twice.
    pub fn register(registry: &Registry) -> Result<Self, Error> {
        let make = Maker::new(registry, "hubbub_follower");
        let (label, reasons) = (&["follower"][..], &["reason"][..]);
        let metrics = Self {
            lag_events: make.gauges("lag_events", "Stored events that the follower has not worked on.", label)?,
            lag_seconds: make.gauges("lag_seconds", "How long the longest waiting group has waited.", label)?,
            partitions: make.gauges("partitions", "Partitions in which this node works for the follower.", label)?,
            events: make.counters("events_total", "Events that the follower worked on.", label)?,
            failures: make.counters("failures_total", "Times that the follower could not do its work.", label)?,
            comparisons: make.counters("comparisons_total", "Comparisons of all groups, by reason.", reasons)?,
            due_done: make.counters("due_done_total", "Things planned for later that were done.", label)?,
            due_overdue: make.gauges("due_overdue", "Things planned for by now that nobody does.", label)?,
            due_overdue_seconds: make.gauges(
                "due_overdue_seconds",
                "How long the first of these has been due.",
                label,
            )?,
        };
        for reason in Reason::ALL {
            metrics.comparisons.with_label_values(&[reason.name()]);
        }
        Ok(metrics)
    }

    /// Those of one follower.
    pub(super) fn of(&self, follower: &str) -> OneFollower {
        let label = &[follower];
        OneFollower {
            lag_events: self.lag_events.with_label_values(label),
            lag_seconds: self.lag_seconds.with_label_values(label),
            partitions: self.partitions.with_label_values(label),
            events: self.events.with_label_values(label),
            failures: self.failures.with_label_values(label),
            due_done: self.due_done.with_label_values(label),
            due_overdue: self.due_overdue.with_label_values(label),
            due_overdue_seconds: self.due_overdue_seconds.with_label_values(label),
        }
    }

    /// A comparison begins, for a reason.
    pub(super) fn compares(&self, reason: Reason) {
        self.comparisons.with_label_values(&[reason.name()]).inc();
    }
}
