//! The end of a node in good order: everything is handed over, in named phases.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::life::NodeLife;
use crate::domain::Ending;
use crate::hub::local::LocalUsers;
use crate::hub::node::NodeState;
use crate::hub::pipeline::owner::{Leases, Owned};
use crate::hub::pipeline::publish::Acks;
use crate::hub::tasks::Tasks;
use crate::ports::NodeRole;

/// Others may take the partitions within this time, or do without being told.
const HANDED_OVER_WITHIN: Duration = Duration::from_secs(5);
/// Sessions told `bye` each second while draining, at least: a cluster takes so many back easily.
const BYES_PER_SECOND: f64 = 1_000.0;
/// They go out some at a time: a timer is no finer than a millisecond.
const BYE_TICK: Duration = Duration::from_millis(20);

/// Drains the node.
pub(crate) struct Drain {
    life: Arc<NodeLife>,
    leases: Arc<Leases>,
    owned: Arc<Owned>,
    users: Arc<LocalUsers>,
    acks: Arc<Acks>,
    node: Arc<NodeState>,
    tasks: Tasks,
}

// === impl Drain ===

impl Drain {
    pub(crate) fn new(
        life: Arc<NodeLife>,
        leases: Arc<Leases>,
        owned: Arc<Owned>,
        users: Arc<LocalUsers>,
        acks: Arc<Acks>,
        node: Arc<NodeState>,
        tasks: Tasks,
    ) -> Self {
        Self { life, leases, owned, users, acks, node, tasks }
    }

    /// The first phases: partitions and sessions go elsewhere, and the last sends are answered.
    pub(crate) async fn hand_over(&self, deadline: Instant) {
        tracing::info!(phase = "unready", "draining: no new clients");
        match self.life.announce_drain().await {
            Ok(()) => self.hand_over_partitions(deadline).await,
            Err(error) => tracing::warn!(%error, "the others do not know yet that this node drains"),
        }
        tracing::info!(phase = "sessions", sessions = self.users.all().len(), "draining: saying bye");
        self.say_bye(deadline).await;
        tracing::info!(phase = "sends", pending = self.acks.pending(), "draining: last acks");
        while self.acks.pending() > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The last phase: tasks end, and the node leaves.
    pub(crate) async fn leave(&self, deadline: Instant) {
        tracing::info!(phase = "leave", "draining: leaving");
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
        if tokio::time::timeout(left, self.tasks.stop()).await.is_err() {
            tracing::warn!("some tasks did not end in time");
        }
        self.leases.release_all().await;
        if let Err(error) = self.life.leave().await {
            tracing::warn!(%error, "this node will be cleared away by another one");
        }
    }

    /// Hands partitions to the owners that stay, if there are any: while sessions are still here, so that
    /// nobody's sends wait for a new owner.
    async fn hand_over_partitions(&self, deadline: Instant) {
        tracing::info!(phase = "partitions", partitions = self.owned.count(), "draining: handing partitions over");
        let until = deadline.min(Instant::now() + HANDED_OVER_WITHIN);
        self.owned.look_now();
        while self.owned.count() > 0 && self.node.view().an_owner_stays() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends sessions away, paced, each with a place to go.
    async fn say_bye(&self, deadline: Instant) {
        let sessions = self.users.all();
        let at_once = byes_a_tick(sessions.len(), deadline.saturating_duration_since(Instant::now()) / 2);
        let view = self.node.view();
        let name = self.node.name();
        let urls: Vec<Arc<str>> = view
            .with(NodeRole::Clients)
            .filter(|node| node.node != name && !node.draining)
            .filter_map(|node| node.public_url.as_deref().map(Arc::from))
            .collect();
        let mut tick = tokio::time::interval(BYE_TICK);
        for (i, session) in sessions.iter().enumerate() {
            if i % at_once == 0 {
                tick.tick().await;
            }
            let url = urls.get(i % urls.len().max(1)).cloned();
            session.close(Ending::Restart { after: rand::random_range(0..500), url });
        }
        while !self.users.all().is_empty() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// So many of the sessions are told at a time that all are within `budget`.
fn byes_a_tick(sessions: usize, budget: Duration) -> usize {
    let rate = BYES_PER_SECOND.max(sessions as f64 / budget.max(BYE_TICK).as_secs_f64());
    (rate * BYE_TICK.as_secs_f64()).ceil() as usize
}

#[cfg(test)]
mod tests;
