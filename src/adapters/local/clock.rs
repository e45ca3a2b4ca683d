//! The backplane's clock: wall time at the start, carried on by tokio's clock, so that it never
//! goes back and stands still when a test pauses time.

use tokio::time::Instant;

use crate::domain::{Millis, now_ms};

pub(super) struct Clock {
    wall: Millis,
    start: Instant,
}

// === impl Clock ===

impl Clock {
    pub(super) fn start() -> Self {
        Self { wall: now_ms(), start: Instant::now() }
    }

    /// Unix milliseconds.
    pub(super) fn now(&self) -> Millis {
        self.wall + self.start.elapsed().as_millis() as Millis
    }

    /// Unix microseconds: what versions and commit numbers begin with, so that they grow also over
    /// a loss of everything.
    pub(super) fn micros(&self) -> u64 {
        self.wall as u64 * 1000 + self.start.elapsed().as_micros() as u64
    }
}
