//! How far followers have come is stored, in bulk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::assignment::Assignment;
use super::assignments::Assignments;
use super::metrics::FollowerMetrics;
use crate::domain::GroupId;
use crate::ports::{Done, FollowerStore};

/// How often it is stored.
const EVERY: Duration = Duration::from_secs(2);
/// Groups stored with one call.
const AT_ONCE: usize = 1_000;

/// Stores how far followers have come.
pub(super) struct Raiser {
    store: Arc<dyn FollowerStore>,
    metrics: FollowerMetrics,
}

// === impl Raiser ===

impl Raiser {
    pub(super) fn new(store: Arc<dyn FollowerStore>, metrics: FollowerMetrics) -> Self {
        Self { store, metrics }
    }

    /// Stores every two seconds how far they have come, once for all partitions of a follower.
    pub(super) async fn run(self: Arc<Self>, assignments: Arc<Assignments>) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let mut by_follower: BTreeMap<&str, Vec<Arc<Assignment>>> = BTreeMap::new();
            for one in assignments.all() {
                by_follower.entry(one.follower.name()).or_default().push(one);
            }
            futures::future::join_all(by_follower.values().map(|assigned| self.raise(assigned))).await;
        }
    }

    /// Stores how far a follower has come in these partitions, and up to which numbers that is all.
    pub(super) async fn raise(&self, assigned: &[Arc<Assignment>]) {
        let Some(follower) = assigned.first().map(|one| &one.follower) else { return };
        // What is worked on from here on counts for the next time.
        let done: Vec<_> = assigned.iter().map(|one| one.to_raise()).collect();
        if done.iter().any(|done| !done.is_empty()) {
            if let Err(failure) = follower.flush().await {
                self.metrics.of(follower.name()).failures.inc();
                tracing::warn!(follower = follower.name(), %failure, "a follower cannot keep what it has done");
                return;
            }
            let all: Vec<(GroupId, Done)> = done.iter().flatten().cloned().collect();
            for some in all.chunks(AT_ONCE) {
                if self.store.raise_done(follower.name(), some).await.is_err() {
                    return;
                }
            }
        }
        let covered = assigned.iter().zip(&done).filter_map(|(one, done)| Some((one, one.raised(done)?)));
        let covered: Vec<_> = covered.collect();
        let numbers: Vec<_> = covered.iter().map(|(one, number)| (one.partition, *number)).collect();
        let name = Assignment::covered_name(&**follower);
        if !numbers.is_empty() && self.store.set_covered(&name, &numbers).await.is_ok() {
            covered.iter().for_each(|(one, number)| one.covers(*number));
        }
    }
}
