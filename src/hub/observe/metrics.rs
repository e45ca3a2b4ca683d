//! What is counted of the node's messages to itself.

use prometheus::{Gauge, Histogram, IntCounter};

use crate::domain::Millis;
use crate::hub::metrics::LATENCY_EDGES;
use crate::kernel::Maker;

/// Metrics of the node's messages to itself.
#[derive(Debug, Clone)]
pub(crate) struct ProbeMetrics {
    pub(crate) seconds: Histogram,
    pub(crate) failures: IntCounter,
    last_success: Gauge,
}

// === impl ProbeMetrics ===

impl ProbeMetrics {
    pub(crate) fn register(make: &Maker) -> prometheus::Result<Self> {
        let edges = &LATENCY_EDGES;
        Ok(Self {
            seconds: make.histogram(
                "probe_seconds",
                "Time of this node's messages to itself, from send to ack.",
                edges,
            )?,
            failures: make
                .counter("probe_failures_total", "Messages of this node to itself that did not come back.")?,
            last_success: make
                .gauge("probe_last_success_timestamp_seconds", "When one last came back, in Unix time; 0 before.")?,
        })
    }

    /// Notes that a message came back, after some seconds, now.
    pub(crate) fn succeeded(&self, seconds: f64, now: Millis) {
        self.seconds.observe(seconds);
        self.last_success.set(now as f64 / 1e3);
    }

    /// Notes that a message did not come back.
    pub(crate) fn failed(&self) {
        self.failures.inc();
    }
}
