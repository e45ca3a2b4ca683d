//! The one timer of a node's connections.

use std::sync::Arc;

use super::conn::Connections;

/// After so many visits the timer lets others run: a storm's connections fall due together.
const VISITS_A_TURN: usize = 32;

impl Connections {
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
