//! A group that lacks something catches up: a task fetches it, and gives out what waits.

use std::sync::Arc;
use std::time::Duration;

use super::fetch::Fetcher;
use super::give_out::Giver;
use super::lives::Lives;
use super::metrics::GroupMetrics;
use super::routes::Routes;
use crate::domain::Seq;
use crate::hub::local::{Lack, LocalGroup};
use crate::hub::pipeline::publish::Acks;
use crate::hub::tasks::Tasks;
use crate::kernel::Backoff;

/// Events fetched at a time to fill a hole.
const FETCH_PAGE: usize = 200;
const RETRY: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));

/// Has groups catch up.
pub(crate) struct CatchUp {
    giver: Giver,
    fetcher: Arc<Fetcher>,
    lives: Arc<Lives>,
    routes: Arc<Routes>,
    acks: Arc<Acks>,
    metrics: GroupMetrics,
    tasks: Tasks,
}

// === impl CatchUp ===

impl CatchUp {
    pub(crate) fn new(
        giver: Giver,
        fetcher: Arc<Fetcher>,
        lives: Arc<Lives>,
        routes: Arc<Routes>,
        acks: Arc<Acks>,
        metrics: GroupMetrics,
        tasks: Tasks,
    ) -> Self {
        Self { giver, fetcher, lives, routes, acks, metrics, tasks }
    }

    /// The group is stored up to `head`, as somebody says who should know.
    pub(crate) fn heard_of_head(self: &Arc<Self>, group: &Arc<LocalGroup>, head: Seq) {
        let behind = {
            let mut state = group.state.lock();
            state.position.want(head);
            state.position.missing().is_some()
        };
        if behind {
            self.catch_up(group);
        }
    }

    /// Makes sure that a task fetches what the group lacks and gives out what waits.
    pub(crate) fn catch_up(self: &Arc<Self>, group: &Arc<LocalGroup>) {
        if group.state.lock().begin_catching_up() {
            let (this, group) = (self.clone(), group.clone());
            self.tasks.spawn(async move { this.run(&group).await });
        }
    }

    async fn run(&self, group: &Arc<LocalGroup>) {
        let mut retry = RETRY;
        loop {
            let lack = group.state.lock().lack();
            let moved = match lack {
                None => break,
                Some(Lack::Ready(events)) => self.giver.give_out(group, events).await,
                Some(Lack::Missing(after)) => self.fetch_missing(group, after).await,
            };
            if moved {
                retry.reset();
            } else {
                // Or until a peer message brings what was missing.
                let _ = tokio::time::timeout(retry.take(), group.stashed.notified()).await;
                self.routes.leave_if_unused(&group.id);
            }
        }
        // Meanwhile it stayed, whoever left.
        self.routes.leave_if_unused(&group.id);
    }

    /// Fetches events after a seq into the stash; false when there was nothing to be had.
    async fn fetch_missing(&self, group: &Arc<LocalGroup>, after: Seq) -> bool {
        self.metrics.common.repairs.inc();
        let events = self.fetcher.events_after(group, after, FETCH_PAGE).await;
        let fetched = !events.is_empty();
        if events.first().is_some_and(|first| first.seq > after + 1) && self.lives.is_over(group, after).await {
            events.iter().for_each(|event| self.acks.resolve(event));
            return true;
        }
        self.metrics.repaired_events.inc_by(events.len() as u64);
        group.state.lock().position.stash(events);
        fetched
    }
}
