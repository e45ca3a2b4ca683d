//! How far followers are behind, told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::assignments::Assignments;
use super::follower::Follower;
use super::metrics::FollowerMetrics;
use super::pending::Lag;
use crate::hub::node::NodeState;
use crate::ports::FollowerVitals;

/// How often it is told.
const EVERY: Duration = Duration::from_secs(2);

/// Tells how far followers are behind.
pub(super) struct Report {
    followers: Vec<Arc<dyn Follower>>,
    assignments: Arc<Assignments>,
    node: Arc<NodeState>,
    metrics: FollowerMetrics,
}

// === impl Report ===

impl Report {
    pub(super) fn new(
        followers: Vec<Arc<dyn Follower>>,
        assignments: Arc<Assignments>,
        node: Arc<NodeState>,
        metrics: FollowerMetrics,
    ) -> Self {
        Self { followers, assignments, node, metrics }
    }

    /// Tells it every few seconds, in metrics and in what the node says of itself.
    pub(super) async fn run(self) {
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tick.tick().await;
            self.tell();
        }
    }

    fn tell(&self) {
        let mut lags: BTreeMap<&str, BTreeMap<_, Lag>> =
            self.followers.iter().map(|follower| (follower.name(), BTreeMap::new())).collect();
        for one in self.assignments.all() {
            lags.entry(one.follower.name()).or_default().insert(one.partition, one.lag());
        }
        for (follower, partitions) in &lags {
            let metrics = self.metrics.of(follower);
            metrics.partitions.set(partitions.len() as i64);
            metrics.lag_events.set(partitions.values().map(|lag| lag.events).sum::<u64>() as i64);
            metrics.lag_seconds.set(partitions.values().map(|lag| lag.seconds).fold(0.0, f64::max));
        }
        let vitals = |lag: &Lag| FollowerVitals { events: lag.events, seconds: lag.seconds.round() as u64 };
        let told = lags.iter().map(|(follower, partitions)| {
            let partitions = partitions.iter().map(|(partition, lag)| (*partition, vitals(lag))).collect();
            ((*follower).to_owned(), partitions)
        });
        self.node.note_followers(told.collect());
    }
}
