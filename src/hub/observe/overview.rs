//! The cluster as an operator wants to see it: now, and over the last minutes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use parking_lot::Mutex;

use super::readiness::{NotReady, Readiness};
use crate::domain::{Millis, NodeName, now_ms};
use crate::hub::cluster::NodeLife;
use crate::hub::node::{NodeState, View};
use crate::ports::{BackplaneError, Cluster, Log, LogStats, NodeRecord};

/// How often the cluster is looked at for its history.
pub const HISTORY_EVERY: Duration = Duration::from_secs(5);
/// A quarter of an hour: long enough to see what happened when somebody comes to look.
const KEPT: usize = 180;
/// Operators want to see something also when Redis does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The cluster at this moment.
#[derive(Debug)]
pub struct Overview {
    /// The node that tells.
    pub node: NodeName,
    /// When.
    pub time: Millis,
    /// Why this node may not take traffic, if it may not.
    pub not_ready: Option<String>,
    /// The nodes that live: this one as it is now, the others as of the last beat.
    pub nodes: Vec<NodeRecord>,
    /// The partitions, in order; `None` when the backplane does not answer.
    pub partitions: Option<Vec<PartitionState>>,
}

/// One partition.
#[derive(Debug)]
pub struct PartitionState {
    /// Who owns it.
    pub owner: Option<NodeName>,
    /// How far its readers are behind.
    pub stats: LogStats,
}

/// The nodes as they were at some moments, the oldest first.
#[derive(Debug, Default)]
struct History(Mutex<VecDeque<(Millis, Arc<View>)>>);

/// Looks at the cluster.
pub(crate) struct Observer {
    readiness: Arc<Readiness>,
    life: Arc<NodeLife>,
    cluster: Arc<dyn Cluster>,
    log: Arc<dyn Log>,
    node: Arc<NodeState>,
    history: History,
}

// === impl History ===

impl History {
    fn keep(&self, time: Millis, view: Arc<View>) {
        let mut kept = self.0.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((time, view));
    }
}

// === impl Observer ===

impl Observer {
    pub(crate) fn new(
        readiness: Arc<Readiness>,
        life: Arc<NodeLife>,
        cluster: Arc<dyn Cluster>,
        log: Arc<dyn Log>,
        node: Arc<NodeState>,
    ) -> Self {
        Self { readiness, life, cluster, log, node, history: History::default() }
    }

    /// The cluster now. Answers in any case, within seconds.
    pub(crate) async fn overview(&self) -> Overview {
        let ready = match tokio::time::timeout(PATIENCE, self.readiness.ready()).await {
            Ok(ready) => ready,
            Err(_) => Err(NotReady::Silent),
        };
        let partitions = tokio::time::timeout(PATIENCE, self.partition_states()).await;
        let node = self.node.name();
        Overview {
            nodes: self.nodes_now(&node),
            node,
            time: now_ms(),
            not_ready: ready.err().map(|why| why.to_string()),
            partitions: partitions.ok().and_then(Result::ok),
        }
    }

    /// The nodes over the last quarter of an hour, every [`HISTORY_EVERY`], the oldest first.
    pub(crate) fn recent_nodes(&self) -> Vec<(Millis, Vec<NodeRecord>)> {
        self.history.0.lock().iter().map(|(time, view)| (*time, view.nodes.clone())).collect()
    }

    /// What this node knows of itself need not wait for its beat: who drains it wants to know whom
    /// that sends away.
    fn nodes_now(&self, own: &NodeName) -> Vec<NodeRecord> {
        let view = self.node.view();
        let now = |seen: &NodeRecord| if seen.node == *own { self.life.record(own) } else { seen.clone() };
        view.nodes.iter().map(now).collect()
    }

    async fn partition_states(&self) -> Result<Vec<PartitionState>, BackplaneError> {
        let count = self.node.partitions();
        let owners = try_join_all((0..count).map(|partition| self.cluster.partition_owner(partition))).await?;
        let stats = try_join_all((0..count).map(|partition| self.log.log_stats(partition))).await?;
        Ok(owners.into_iter().zip(stats).map(|(owner, stats)| PartitionState { owner, stats }).collect())
    }

    /// Keeps the cluster's history for as long as the node runs.
    pub(crate) async fn run_history(self: Arc<Self>) {
        let mut tick = tokio::time::interval(HISTORY_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.history.keep(now_ms(), self.node.view());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let history = History::default();
        (0..KEPT as Millis + 10).for_each(|time| history.keep(time, Arc::new(View::of(Vec::new()))));
        let kept = history.0.lock();
        assert_eq!((kept.len(), kept[0].0), (KEPT, 10));
    }
}
