//! What more than one room of the hub counts; what is one room's own is counted by its `metrics.rs`. No user and no group
//! in a label.

use prometheus::{Histogram, IntCounter, IntCounterVec};

use crate::domain::Code;
use crate::kernel::Maker;

/// Edges of stage latencies in seconds: fine where a stage should be, and 1 s and 10 s, which the
/// fitness functions speak of.
pub const LATENCY_EDGES: [f64; 16] =
    [0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A stage of a message's way, for the histogram `hubbub_stage_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// From a send's acceptance by the node to its place in the log.
    Append,
    /// From the log to the owner.
    LogWait,
    /// The store's insert, retries included.
    Store,
    /// Commit and routing.
    Route,
    /// From an inbox to the node's delivery.
    InboxWait,
    /// Fan-out to the local sockets.
    Flush,
    /// From a send's acceptance by the node to its ack on the way out.
    EndToEnd,
}

/// Metrics that more than one room counts.
#[derive(Debug, Clone)]
pub(crate) struct CommonMetrics {
    stages: Vec<Histogram>,
    rejected: IntCounterVec,
    pub(crate) repairs: IntCounter,
}

// === impl Stage ===

impl Stage {
    /// Every stage in the order of a message's way.
    pub const ALL: [Stage; 7] =
        [Stage::Append, Stage::LogWait, Stage::Store, Stage::Route, Stage::InboxWait, Stage::Flush, Stage::EndToEnd];

    /// Its label.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::Append => "append",
            Stage::LogWait => "log_wait",
            Stage::Store => "store",
            Stage::Route => "route",
            Stage::InboxWait => "inbox_wait",
            Stage::Flush => "flush",
            Stage::EndToEnd => "end_to_end",
        }
    }
}

// === impl CommonMetrics ===

impl CommonMetrics {
    pub(crate) fn register(make: &Maker) -> prometheus::Result<Self> {
        let stages = make.histograms(
            "stage_seconds",
            "Time that a message spends in a stage of its way.",
            &LATENCY_EDGES,
            &["stage"],
        )?;
        let rejected = make.counters("rejected_total", "Requests that were refused, by code.", &["code"])?;
        for code in Code::ALL {
            rejected.with_label_values(&[code.as_str()]);
        }
        Ok(Self {
            stages: Stage::ALL.iter().map(|stage| stages.with_label_values(&[stage.name()])).collect(),
            rejected,
            repairs: make.counter("repairs_total", "Holes and lost heads that were fetched again.")?,
        })
    }

    /// Notes what a stage took, in seconds.
    pub(crate) fn took(&self, stage: Stage, seconds: f64) {
        self.stage(stage).observe(seconds.max(0.0));
    }

    /// What a stage took until now.
    pub(crate) fn stage(&self, stage: Stage) -> &Histogram {
        &self.stages[stage as usize]
    }

    /// Counts a refused request.
    pub(crate) fn rejected(&self, code: Code) {
        self.rejected.with_label_values(&[code.as_str()]).inc();
    }

    /// How many requests were refused so.
    pub(crate) fn rejections(&self, code: Code) -> u64 {
        self.rejected.with_label_values(&[code.as_str()]).get()
    }
}
