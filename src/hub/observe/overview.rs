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

    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, LEASE, MemoryCluster, MemoryStore, metrics};

    fn observer(bed: &Bed, cluster: &Arc<MemoryCluster>) -> Arc<Observer> {
        let readiness = Readiness::new(bed.node.clone(), cluster.clone(), metrics().sessions, Some(9), LEASE);
        let life = bed.life(cluster, &Arc::default());
        Arc::new(Observer::new(Arc::new(readiness), life, cluster.clone(), bed.log.clone(), bed.node.clone()))
    }

    /// A node that has just seen itself and another one.
    fn rig() -> (Bed, Arc<MemoryCluster>, Arc<Observer>) {
        let (bed, cluster) = (Bed::new(MemoryStore::default()), Arc::<MemoryCluster>::default());
        bed.node.begin_life(record("a.1").node);
        bed.node.saw(vec![record("a.1"), record("b.1")], now_ms());
        let observer = observer(&bed, &cluster);
        (bed, cluster, observer)
    }

    #[tokio::test(start_paused = true)]
    async fn operators_see_something_in_time_also_when_nothing_answers() {
        let (_bed, cluster, observer) = rig();
        cluster.link.be_slow(true);
        let begun = tokio::time::Instant::now();
        let seen = observer.overview().await;
        assert!(begun.elapsed() <= PATIENCE * 2, "{:?}", begun.elapsed());
        assert!(seen.partitions.is_none() && seen.nodes.len() == 2);
        assert_eq!(seen.not_ready, Some(NotReady::Silent.to_string()));
    }

    #[tokio::test]
    async fn logs_that_cannot_be_counted_make_no_node_unready() {
        let (bed, _cluster, observer) = rig();
        assert_eq!(observer.overview().await.partitions.map(|partitions| partitions.len()), Some(1));
        bed.log.link.be_silent(true);
        let seen = observer.overview().await;
        assert!(seen.partitions.is_none() && seen.not_ready.is_none(), "{:?}", seen.not_ready);
    }

    #[tokio::test]
    async fn a_node_tells_of_itself_as_it_is_now_and_of_others_as_of_their_beat() {
        let (bed, _cluster, observer) = rig();
        bed.node.drain();
        let seen = observer.overview().await;
        let draining: Vec<_> = seen.nodes.iter().map(|node| (node.node.as_str(), node.draining)).collect();
        assert_eq!(draining, [("a.1", true), ("b.1", false)]);
        assert_eq!(seen.not_ready, Some(NotReady::Draining.to_string()));
        assert!(!bed.node.view().nodes[0].draining, "the beat is still to come");
    }

    #[tokio::test(start_paused = true)]
    async fn the_nodes_are_noted_as_they_come_and_go() {
        let (bed, _cluster, observer) = rig();
        bed.tasks.spawn(observer.clone().run_history());
        tokio::time::sleep(HISTORY_EVERY / 2).await;
        bed.node.saw(vec![record("a.1")], now_ms());
        tokio::time::sleep(HISTORY_EVERY * 2).await;
        let counts: Vec<_> = observer.recent_nodes().iter().map(|(_, nodes)| nodes.len()).collect();
        assert_eq!(counts, [2, 1, 1]);
    }
}
