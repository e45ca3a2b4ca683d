//! What is counted of the parts that the hub stands on.

use prometheus::{IntCounter, IntCounterVec};

use crate::kernel::Maker;

/// Metrics of the parts.
#[derive(Debug, Clone)]
pub(crate) struct PartMetrics {
    errors: IntCounterVec,
}

// === impl PartMetrics ===

impl PartMetrics {
    pub(crate) fn register(make: &Maker) -> prometheus::Result<Self> {
        let help = "Calls to the parts that the hub stands on that failed.";
        let errors = make.counters("part_errors_total", help, &["part"])?;
        for part in ["backplane", "store"] {
            errors.with_label_values(&[part]);
        }
        Ok(Self { errors })
    }

    /// The counter of a part's errors.
    pub(crate) fn errors(&self, part: &str) -> IntCounter {
        self.errors.with_label_values(&[part])
    }
}
