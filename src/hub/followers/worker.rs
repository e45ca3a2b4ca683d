//! A follower works in a partition.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::assignment::Assignment;
use super::metrics::FollowerMetrics;
use super::pending::Ready;
use super::raise::Raiser;
use super::wants::Reason;
use super::work::{Plan, Work};
use crate::domain::GroupId;
use crate::hub::tasks::RETRY;
use crate::ports::{Extent, FollowerStore, StoreError};

/// Groups of a partition that a follower works on at once.
const AT_ONCE: usize = 8;
/// Groups whose extents are asked for in one call.
const PLANNED: usize = 200;
/// How far it has come is stored within so long when it ends, or another does the rest once more.
const LAST_RAISE: Duration = Duration::from_secs(2);

/// Works on what is assigned.
pub(super) struct Worker {
    store: Arc<dyn FollowerStore>,
    work: Arc<Work>,
    raiser: Arc<Raiser>,
    metrics: FollowerMetrics,
}

// === impl Worker ===

impl Worker {
    pub(super) fn new(
        store: Arc<dyn FollowerStore>,
        work: Work,
        raiser: Arc<Raiser>,
        metrics: FollowerMetrics,
    ) -> Self {
        Self { store, work: Arc::new(work), raiser, metrics }
    }

    /// Works in a partition until the node gives it up.
    pub(super) async fn run(&self, assignment: Arc<Assignment>) {
        tokio::select! {
            () = assignment.ended() => return,
            () = self.learn_covered(&assignment) => {}
        }
        let (mut planned, mut under_way) = (VecDeque::new(), JoinSet::new());
        loop {
            if planned.is_empty() && under_way.len() < AT_ONCE {
                planned = self.plan(&assignment).await;
            }
            while under_way.len() < AT_ONCE
                && let Some(plan) = planned.pop_front()
            {
                let (work, assignment) = (self.work.clone(), assignment.clone());
                under_way.spawn(async move { work.carry_out(&assignment, plan).await });
            }
            tokio::select! {
                () = assignment.ended() => break,
                () = assignment.woken() => {}
                Some(_) = under_way.join_next() => {}
                () = until(assignment.next_try()) => {}
            }
        }
        under_way.shutdown().await;
        if tokio::time::timeout(LAST_RAISE, self.raiser.raise(&[assignment])).await.is_err() {
            tracing::debug!("how far a follower has come was not stored in time");
        }
    }

    /// Asks the store up to which number the follower has come here, until it answers.
    async fn learn_covered(&self, assignment: &Assignment) {
        let name = Assignment::covered_name(&*assignment.follower);
        let mut retry = RETRY;
        loop {
            match self.store.covered(&name).await {
                Ok(covered) => return assignment.begin(covered.get(&assignment.partition).copied()),
                Err(_) => retry.pause().await,
            }
        }
    }

    /// Takes groups that wait, with what is to be done in each.
    async fn plan(&self, assignment: &Assignment) -> VecDeque<Plan> {
        let ready = assignment.take(PLANNED);
        if ready.is_empty() {
            return VecDeque::new();
        }
        match self.extents(assignment, &ready).await {
            Ok(extents) => ready.into_iter().filter_map(|ready| plan(assignment, ready, &extents)).collect(),
            Err(error) => {
                let follower = assignment.follower.name();
                tracing::debug!(follower, %error, "what a follower is to do cannot be told");
                self.metrics.of(follower).failures.inc();
                ready.iter().for_each(|ready| assignment.fail(&ready.group, false));
                VecDeque::new()
            }
        }
    }

    /// What is stored of these groups; how far the follower has come in each is remembered.
    async fn extents(&self, assignment: &Assignment, ready: &[Ready]) -> Result<HashMap<GroupId, Extent>, StoreError> {
        let groups: Vec<_> = ready.iter().map(|ready| ready.group.clone()).collect();
        let extents = self.store.extents(&groups).await?;
        let unknown: Vec<_> = groups.into_iter().filter(|group| assignment.known(group).is_none()).collect();
        if !unknown.is_empty() {
            let done = self.store.done(assignment.follower.name(), &unknown).await?;
            unknown.iter().for_each(|group| assignment.learn(group, done.get(group).copied().unwrap_or_default()));
        }
        Ok(extents.into_iter().map(|extent| (extent.group.clone(), extent)).collect())
    }
}

/// What is to be done in a group; nothing in one that is not there (any more).
fn plan(assignment: &Assignment, ready: Ready, extents: &HashMap<GroupId, Extent>) -> Option<Plan> {
    let Ready { group, head, fill } = ready;
    let Some(extent) = extents.get(&group).cloned() else {
        assignment.finish(&group);
        return None;
    };
    let done = assignment.known(&group).unwrap_or_default();
    if head > 0 && head < done.seq {
        assignment.ask_comparison(Reason::Behind);
    }
    Some(Plan { head: head.max(extent.head.seq), extent, done, fill })
}

/// Resolves at a moment, or never.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
