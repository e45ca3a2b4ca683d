//! The node's lease is renewed; where it was lost, a new life begins.

use std::sync::Arc;

use super::life::NodeLife;
use super::metrics::ClusterMetrics;
use super::reap::Reaper;
use super::reap_plan::ReapPlan;
use crate::domain::now_ms;
use crate::hub::groups::Comparisons;
use crate::hub::node::NodeState;
use crate::hub::sessions::Registration;
use crate::hub::tasks::Tasks;
use crate::ports::Beat;

/// Beats for as long as the node runs.
pub(crate) struct Beats {
    life: Arc<NodeLife>,
    reaper: Arc<Reaper>,
    registration: Arc<Registration>,
    comparisons: Arc<Comparisons>,
    node: Arc<NodeState>,
    metrics: ClusterMetrics,
    tasks: Tasks,
}

// === impl Beats ===

impl Beats {
    pub(crate) fn new(
        life: Arc<NodeLife>,
        reaper: Arc<Reaper>,
        registration: Arc<Registration>,
        comparisons: Arc<Comparisons>,
        node: Arc<NodeState>,
        metrics: ClusterMetrics,
        tasks: Tasks,
    ) -> Self {
        Self { life, reaper, registration, comparisons, node, metrics, tasks }
    }

    /// Renews the node's lease; begins a new life when it was lost.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut tick = tokio::time::interval(self.life.lease() / 8);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut plan = ReapPlan::default();
        // Kept over beats: the one that finds the lease gone takes another, under which nothing is registered.
        let mut is_lost = false;
        loop {
            let asked = tokio::select! {
                _ = tick.tick() => false,
                () = self.node.asked_to_beat() => true,
            };
            match self.life.beat().await {
                Ok(beat) if beat.renewed && !is_lost => self.after_beat(beat, &mut plan, asked),
                Ok(beat) => {
                    if !beat.renewed {
                        self.metrics.reregistrations.inc();
                    }
                    is_lost = !self.register_again().await;
                }
                Err(error) => {
                    tracing::warn!(%error, "the node's lease was not renewed");
                }
            }
        }
    }

    fn after_beat(&self, beat: Beat, plan: &mut ReapPlan, asked: bool) {
        self.metrics.live(&beat.live);
        for dead in plan.decide(self.node.base(), &beat, self.life.lease()) {
            let reaper = self.reaper.clone();
            self.tasks.spawn(async move { reaper.reap(&dead).await });
        }
        self.life.saw(beat.live, asked);
    }

    /// The node's lease is gone (it was paused, or reaped, or Redis is empty): a new life with the
    /// sockets of the old one. False where it could not begin.
    async fn register_again(&self) -> bool {
        tracing::warn!("the node's lease was gone; registering again");
        if let Err(error) = self.life.begin(now_ms()).await {
            tracing::warn!(%error, "the node is still to be registered");
            return false;
        }
        let (registration, comparisons) = (self.registration.clone(), self.comparisons.clone());
        self.tasks.spawn(async move {
            registration.register_all().await;
            comparisons.compare_all();
        });
        true
    }
}

#[cfg(test)]
mod tests;
