//! What the process counts beside the hub and its transport.

use prometheus::process_collector::ProcessCollector;
use prometheus::{IntCounterVec, IntGaugeVec, Registry};

use crate::kernel::Maker;

/// Metrics of the process, registered once.
#[derive(Debug, Clone)]
pub struct ProcessMetrics {
    /// Lines that nobody took, by log.
    pub dropped_lines: IntCounterVec,
    /// 1 while the node waits for a part before it starts.
    pub waiting: IntGaugeVec,
}

// === impl ProcessMetrics ===

impl ProcessMetrics {
    /// Makes and registers them, and what the kernel counts of the process.
    ///
    /// # Errors
    /// They are registered already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let make = Maker::new(registry, "hubbub");
        Ok(Self {
            dropped_lines: make.counters(
                "log_lines_dropped_total",
                "Lines of a log that were dropped: nobody read them, or they could not be written.",
                &["log"],
            )?,
            waiting: make.gauges("waiting", "1 while this node waits for a part before it starts.", &["part"])?,
        })
    }
}
