//! The node and the cluster as operators want to see them.
//!
//! - `readiness`: whether the node may take traffic; `overview`: the cluster now, and over the last minutes.
//! - `probe`: the node's messages to itself.

mod metrics;
mod overview;
mod probe;
mod readiness;

pub(crate) use metrics::ProbeMetrics;
pub(crate) use overview::Observer;
pub use overview::{HISTORY_EVERY, Overview, PartitionState};
pub(crate) use probe::Probe;
pub use readiness::NotReady;
pub(crate) use readiness::Readiness;
