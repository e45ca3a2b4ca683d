//! What all connections of a node share.

use std::sync::{Arc, Weak};

use super::conn::Conn;
use crate::transport::config::WebSocketConfig;
use crate::transport::metrics::WebSocketMetrics;
use crate::transport::wheel::Wheel;

/// After so many visits the timer lets others run: a storm's connections fall due together.
const VISITS_A_TURN: usize = 32;

/// Settings, metrics and the one timer of a node's connections.
#[derive(Debug)]
pub struct Connections {
    pub(super) config: WebSocketConfig,
    pub(super) metrics: WebSocketMetrics,
    /// Entries hold when they were to fall due: a connection that has been scheduled anew since
    /// ignores them.
    pub(super) wheel: Wheel<(Weak<Conn>, u64)>,
}

// === impl Connections ===

impl Connections {
    /// Nothing is timed before [`Connections::run_timer`] runs.
    pub fn new(config: WebSocketConfig, metrics: WebSocketMetrics) -> Arc<Self> {
        Arc::new(Self { config, metrics, wheel: Wheel::new() })
    }

    /// Pings, and closes what is overdue, for ever. Run it once, as a task.
    pub async fn run_timer(self: Arc<Self>) {
        let mut due = Vec::new();
        loop {
            self.wheel.tick().await;
            self.wheel.take_due(&mut due);
            while !due.is_empty() {
                for (conn, at) in due.drain(..due.len().min(VISITS_A_TURN)) {
                    if let Some(conn) = conn.upgrade() {
                        conn.visit(at);
                    }
                }
                tokio::task::yield_now().await;
            }
            if due.capacity() > 1024 {
                due = Vec::new();
            }
        }
    }
}
