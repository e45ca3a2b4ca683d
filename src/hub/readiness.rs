//! Whether a node may take traffic.

use std::sync::atomic::Ordering;

use super::Hub;
use crate::domain::{Millis, now_ms};
use crate::ports::BackplaneError;

/// Why a node may take no traffic, as a sentence for those who look after it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotReady {
    /// It ends.
    #[error("draining: this node hands its work over")]
    Draining,
    /// It has no room for another connection.
    #[error("full: as many connections as this node takes")]
    Full,
    /// What nodes share failed.
    #[error(transparent)]
    Backplane(#[from] BackplaneError),
    /// What nodes share has not answered while it was waited for.
    #[error("the backplane does not answer")]
    Silent,
    /// The others may take it for dead.
    #[error("the node's lease is not renewed")]
    LeaseEnded,
}

impl Hub {
    /// Whether this node may take traffic; otherwise why not.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if self.node.is_draining() {
            return Err(NotReady::Draining);
        }
        if self.metrics.sessions.get() >= self.config.max_connections as i64 {
            return Err(NotReady::Full);
        }
        self.backplane.ping().await?;
        let since = now_ms() - self.node.last_beat.load(Ordering::Relaxed) as Millis;
        if since > self.config.node_lease.as_millis() as Millis {
            return Err(NotReady::LeaseEnded);
        }
        Ok(())
    }
}
