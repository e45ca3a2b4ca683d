//! What followers planned for later is done.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, MissedTickBehavior};

use super::follower::{Failure, Follower};
use super::metrics::OneFollower;
use crate::ports::{Claimed, DueStore};

/// How often it is looked what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Entries claimed at once.
const CLAIMED: usize = 100;
/// A claim ends after so long, and whoever looks next does what is left.
const CLAIM: Duration = Duration::from_secs(60);
/// What is not done by then is not begun any more: another has it soon.
const BEGUN_WITHIN: Duration = Duration::from_secs(30);
/// Entries that a follower does at once.
const AT_ONCE: usize = 4;
/// How often it is counted what is overdue.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// Does what is due for one follower.
pub(super) struct DueRunner {
    follower: Arc<dyn Follower>,
    store: Arc<dyn DueStore>,
    metrics: OneFollower,
}

// === impl DueRunner ===

impl DueRunner {
    pub(super) fn new(follower: Arc<dyn Follower>, store: Arc<dyn DueStore>, metrics: OneFollower) -> Self {
        Self { follower, store, metrics }
    }

    /// Looks every second, for as long as the node runs.
    pub(super) async fn run(self) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut counted: Option<Instant> = None;
        loop {
            tick.tick().await;
            while self.do_some().await {}
            if counted.is_none_or(|at| at.elapsed() >= COUNT_EVERY) {
                counted = Some(Instant::now());
                self.count().await;
            }
        }
    }

    /// Does some of what is due; whether there may be more.
    async fn do_some(&self) -> bool {
        let Ok(claimed) = self.store.claim(self.follower.name(), CLAIMED, CLAIM).await else { return false };
        let (full, begun) = (claimed.len() >= CLAIMED, Instant::now());
        let try_one = |claimed: Claimed| async move {
            let in_time = begun.elapsed() < BEGUN_WITHIN;
            (in_time && self.is_done(&claimed).await).then_some(claimed)
        };
        let done = futures::stream::iter(claimed).map(try_one).buffer_unordered(AT_ONCE);
        let done: Vec<_> = done.filter_map(std::future::ready).collect().await;
        if done.is_empty() {
            return false;
        }
        self.metrics.due_done.inc_by(done.len() as u64);
        // What cannot be removed is done once more.
        self.store.settle(&done).await.is_ok() && full
    }

    /// Whether it was done. What fails is left to the end of its claim.
    async fn is_done(&self, claimed: &Claimed) -> bool {
        let due = &claimed.due;
        let why = match AssertUnwindSafe(self.follower.due(due)).catch_unwind().await {
            Ok(Ok(())) => return true,
            Ok(Err(Failure::Early)) => return false,
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "it panicked".to_owned(),
        };
        self.metrics.failures.inc();
        tracing::warn!(follower = due.follower, group = %due.group, why, "what is due is tried again later");
        false
    }

    async fn count(&self) {
        if let Ok((count, since)) = self.store.overdue(self.follower.name()).await {
            self.metrics.due_overdue.set(count as i64);
            self.metrics.due_overdue_seconds.set(since.as_secs_f64());
        }
    }
}
