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

    /// Fetches events after a seq into the stash; false when the next one was not to be had: what is behind it may be
    /// stored before it is, and to ask at once again would bring the same.
    async fn fetch_missing(&self, group: &Arc<LocalGroup>, after: Seq) -> bool {
        self.metrics.common.repairs.inc();
        let events = self.fetcher.events_after(group, after, FETCH_PAGE).await;
        let is_next = events.first().is_some_and(|first| first.seq == after + 1);
        if !events.is_empty() && !is_next && self.lives.is_over(group, after).await {
            events.iter().for_each(|event| self.acks.resolve(event));
            return true;
        }
        self.metrics.repaired_events.inc_by(events.len() as u64);
        group.state.lock().position.stash(events);
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Group, GroupId};
    use crate::hub::testing::{Bed, Ear, MemoryStore, group, local, open_session, text, until};

    /// A group of anna's at seq 1, of which these are stored.
    fn rig(stored: &[Seq]) -> (Bed, Arc<LocalGroup>, Arc<Ear>) {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], stored.iter().map(|seq| text(&id, *seq, "anna"))));
        let here = local(&bed.groups, group(&id, &["anna"]), 1);
        let (anna, ear) = open_session(&bed.users, "anna");
        anna.add_group(&id);
        here.state.lock().sessions.push(anna);
        (bed, here, ear)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_missing_is_fetched_when_the_store_is_back_and_given_out_once() {
        let (bed, here, ear) = rig(&[1, 2, 3]);
        bed.store.be_silent(true);
        bed.catch_up.heard_of_head(&here, 3);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(bed.store.calls("page") < 60, "it is not pressed");
        assert_eq!((here.at(), ear.take().len()), (1, 0));
        bed.store.be_silent(false);
        until(|| here.at() == 3 && here.state.lock().is_live()).await;
        bed.catch_up.heard_of_head(&here, 3);
        let frames = ear.texts().concat();
        assert_eq!((frames.matches("text 2").count(), frames.matches("text 3").count()), (1, 1), "{frames}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_peer_message_brings_is_given_out_at_once_though_the_store_is_silent() {
        let (bed, here, ear) = rig(&[]);
        bed.store.be_silent(true);
        bed.catch_up.heard_of_head(&here, 3);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let begun = tokio::time::Instant::now();
        here.state.lock().position.stash([2, 3].map(|seq| Arc::new(text(&here.id, seq, "bob"))));
        here.stashed.notify_one();
        until(|| here.at() == 3).await;
        assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
        assert!(ear.texts().concat().contains("text 2"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_life_that_is_over_is_let_go_for_the_next_one() {
        let (bed, here, ear) = rig(&[8, 9]);
        let mut next: Group = group(&here.id, &["anna"]);
        next.base.seq = 7;
        bed.store.put_group(next);
        bed.catch_up.heard_of_head(&here, 9);
        until(|| bed.groups.get(&here.id).is_none()).await;
        let frames = ear.texts().concat();
        assert!(frames.contains("gone") && !frames.contains("text 8"), "{frames}");
        assert_eq!(bed.told.take(), ["newcomer anna after 7"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hole_that_stays_is_waited_for_while_its_life_goes_on() {
        let (bed, here, ear) = rig(&[3]);
        bed.catch_up.heard_of_head(&here, 3);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!((here.at(), ear.take().len()), (1, 0), "nothing is skipped");
        assert!(bed.store.calls("page") < 15, "nor is the store pressed");
        bed.store.put([text(&here.id, 2, "anna")]);
        until(|| here.at() == 3).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_that_is_at_its_head_asks_nobody() {
        let (bed, here, _ear) = rig(&[1]);
        bed.catch_up.heard_of_head(&here, 1);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(bed.store.calls("page"), 0);
        assert!(here.state.lock().is_live());
    }
}
