//! What is counted of sessions.

use prometheus::IntGauge;

use crate::kernel::Maker;

/// Metrics of sessions.
#[derive(Debug, Clone)]
pub(crate) struct SessionMetrics {
    pub(crate) sessions: IntGauge,
    pub(crate) max_sessions: IntGauge,
    pub(crate) users_online: IntGauge,
}

// === impl SessionMetrics ===

impl SessionMetrics {
    pub(crate) fn register(make: &Maker) -> prometheus::Result<Self> {
        Ok(Self {
            sessions: make.gauge("sessions", "Sessions on this node that said hello.")?,
            max_sessions: make.gauge("max_sessions", "Sessions that this node takes at most.")?,
            users_online: make.gauge("users_online", "Users with at least one session on this node.")?,
        })
    }
}
