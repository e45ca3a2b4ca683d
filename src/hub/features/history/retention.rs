//! Old messages are removed: a follower that plans, for each group, when its oldest are old enough.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::slots::Slots;
use crate::domain::{Event, GroupId, Millis, Seq};
use crate::hub::followers::{BackplaneClock, Begins, Failure, Follower};
use crate::hub::node::NodeState;
use crate::ports::{Due, DueStore, Extent, GroupStates, MessageStore, Page};

/// Its name.
pub(crate) const RETENTION: &str = "retention";
/// Entries that are remembered as planned, so that each message does not ask the store.
const REMEMBERED: usize = 10_000;
/// The backplane's clock is waited for so long: its time is heard with each move.
const CLOCK_WITHIN: Duration = Duration::from_secs(10);
/// An entry by which a group is looked at: nothing is removed by it.
const LOOK: u64 = 0;

/// Removes what is older than is kept.
///
/// An entry says: at this time, by the store's clock, what was said before `window` is to go. The backplane's clock, which
/// gave the messages their times, must have reached it as well, so that no single clock that is ahead removes anything
/// too early. Whoever has done one plans the next for the oldest message that is left.
pub(crate) struct Retention {
    messages: Arc<dyn MessageStore>,
    due: Arc<dyn DueStore>,
    states: Arc<dyn GroupStates>,
    node: Arc<NodeState>,
    clock: Arc<BackplaneClock>,
    slots: Slots,
    planned: Mutex<HashSet<(GroupId, Millis)>>,
}

// === impl Retention ===

impl Retention {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        due: Arc<dyn DueStore>,
        states: Arc<dyn GroupStates>,
        node: Arc<NodeState>,
        clock: Arc<BackplaneClock>,
        kept: Duration,
    ) -> Self {
        Self { messages, due, states, node, clock, slots: Slots::keeping(kept), planned: Mutex::default() }
    }

    /// An entry by which what was said before `end` is removed.
    fn entry(&self, group: &GroupId, end: Millis) -> Due {
        let window = u64::try_from(end).unwrap_or(LOOK);
        Due { follower: RETENTION.into(), group: group.clone(), window, at: self.slots.due(end), seq: 0 }
    }

    /// Removes what an entry says, where it is one of the present setting and its time has come.
    async fn expire(&self, due: &Due) -> Result<Option<Millis>, Failure> {
        let Ok(end) = Millis::try_from(due.window) else { return Ok(None) };
        if due.window == LOOK || due.at != self.slots.due(end) {
            return Ok(None);
        }
        if !self.clock.reaches(due.at, CLOCK_WITHIN).await {
            return Err(Failure::Early);
        }
        self.messages.expire(&due.group, end).await?;
        // Also where nothing was left to remove: who removed it may have ended before this.
        self.states.note_move(self.node.partition(&due.group), &due.group).await?;
        Ok(Some(end))
    }

    /// Plans for the oldest message that is left when an entry is done, by which all before `done` was removed.
    async fn plan_next(&self, entry: &Due, done: Option<Millis>) -> Result<(), Failure> {
        let group = &entry.group;
        let oldest = self.messages.page(group, Page::After(0, 1)).await?;
        let Some(end) = oldest.first().map(|oldest| self.slots.end_of(oldest.time)) else { return Ok(()) };
        // The newest message stays however old it is.
        if done.is_some_and(|done| end <= done) {
            return Ok(());
        }
        // What is old enough already goes at once, and not day by day.
        let end = self.slots.last_due(self.clock.reached()).map_or(end, |last| last.max(end));
        // An entry of another setting is still there, and would stand in the place of one for the same time.
        let end = if self.entry(group, end).window == entry.window { end + 1 } else { end };
        Ok(self.due.plan(&[self.entry(group, end)]).await?)
    }

    /// Those of these entries that are not known to be planned.
    fn unplanned(&self, group: &GroupId, ends: BTreeSet<Millis>) -> Vec<Due> {
        let planned = self.planned.lock();
        let is_new = |end: &Millis| !planned.contains(&(group.clone(), *end));
        ends.into_iter().filter(is_new).map(|end| self.entry(group, end)).collect()
    }

    fn remember(&self, entries: &[Due]) {
        let mut planned = self.planned.lock();
        if planned.len() >= REMEMBERED {
            planned.clear();
        }
        let end = |entry: &Due| Millis::try_from(entry.window).unwrap_or_default();
        planned.extend(entries.iter().map(|entry| (entry.group.clone(), end(entry))));
    }
}

#[async_trait]
impl Follower for Retention {
    fn name(&self) -> &'static str {
        RETENTION
    }

    fn edition(&self) -> String {
        self.slots.name()
    }

    /// What is stored already need not be read: one entry a group has it looked at.
    fn begins(&self) -> Begins {
        Begins::Now
    }

    async fn begun(&self, extents: &[Extent]) -> Result<(), Failure> {
        let look = |extent: &Extent| Due {
            follower: RETENTION.into(),
            group: extent.group.clone(),
            window: LOOK,
            at: 0,
            seq: 0,
        };
        let looks: Vec<_> = extents.iter().map(look).collect();
        Ok(self.due.plan(&looks).await?)
    }

    async fn events(&self, group: &GroupId, events: &[Event]) -> Result<(), Failure> {
        let ends = events.iter().map(|event| self.slots.end_of(event.time)).collect();
        let entries = self.unplanned(group, ends);
        if !entries.is_empty() {
            self.due.plan(&entries).await?;
            self.remember(&entries);
        }
        Ok(())
    }

    async fn expired(&self, _: &GroupId, _: Seq) -> Result<(), Failure> {
        Ok(())
    }

    fn has_due(&self) -> bool {
        true
    }

    async fn due(&self, due: &Due) -> Result<(), Failure> {
        let done = self.expire(due).await?;
        self.plan_next(due, done).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::followers::tests::ledger::Ledger;
    use crate::hub::testing::{MemoryLog, MemoryStore, node, text};

    const DAY: Millis = 86_400_000;

    struct Scene {
        store: Arc<MemoryStore>,
        ledger: Arc<Ledger>,
        log: Arc<MemoryLog>,
        clock: Arc<BackplaneClock>,
    }

    // === impl Scene ===

    impl Scene {
        fn new(group: &GroupId, said: impl IntoIterator<Item = (Seq, Millis)>) -> Self {
            let said = said.into_iter().map(|(seq, time)| Event { time, ..text(group, seq, "anna") });
            let store = Arc::new(MemoryStore::of(group, &["anna"], said));
            Self { store, ledger: Arc::default(), log: Arc::default(), clock: Arc::default() }
        }

        fn keeping(&self, days: u64) -> Retention {
            let kept = Duration::from_secs(86_400 * days);
            let (messages, due, states) = (self.store.clone(), self.ledger.clone(), self.log.clone());
            Retention::new(messages, due, states, node(), self.clock.clone(), kept)
        }

        /// Both clocks say so.
        fn at(&self, now: Millis) {
            self.ledger.now.store(now as u64, std::sync::atomic::Ordering::Relaxed);
            self.clock.heard(1_000 * now as u64);
        }

        /// Does all that is due.
        async fn run(&self, retention: &Retention) {
            loop {
                let claimed = self.ledger.claim(RETENTION, 10, Duration::from_secs(60)).await.unwrap();
                if claimed.is_empty() {
                    return;
                }
                for one in claimed {
                    if retention.due(&one.due).await.is_ok() {
                        self.ledger.settle(&[one]).await.unwrap();
                    }
                }
            }
        }

        fn left(&self, group: &GroupId) -> Vec<Seq> {
            self.store.all(group).iter().map(|event| event.seq).collect()
        }

        fn planned(&self) -> Vec<u64> {
            self.ledger.due.lock().iter().map(|(due, _)| due.window / DAY as u64).collect()
        }
    }

    fn extent(group: &GroupId) -> Extent {
        Extent { group: group.clone(), first: 1, head: crate::hub::testing::head(1) }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_followed_goes_a_day_after_its_time_at_most() {
        let group = GroupId::random();
        let said = [(1, 100 * DAY + 5), (2, 100 * DAY + 9), (3, 101 * DAY), (4, 150 * DAY)];
        let scene = Scene::new(&group, said);
        let retention = scene.keeping(30);
        retention.events(&group, &scene.store.all(&group)).await.unwrap();
        retention.events(&group, &scene.store.all(&group)).await.unwrap();
        assert_eq!(scene.planned(), [101, 102, 151]);
        scene.at(131 * DAY - 1);
        scene.run(&retention).await;
        assert_eq!(scene.left(&group), [1, 2, 3, 4]);
        scene.at(131 * DAY);
        scene.run(&retention).await;
        assert_eq!((scene.left(&group), scene.log.noted.lock().len()), (vec![3, 4], 1));
        scene.at(132 * DAY);
        scene.run(&retention).await;
        assert_eq!((scene.left(&group), scene.planned()), (vec![4], vec![151]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_somebody_removed_and_ended_is_told_by_who_comes_after() {
        let group = GroupId::random();
        let scene = Scene::new(&group, [(1, 100 * DAY), (2, 150 * DAY)]);
        let retention = scene.keeping(30);
        retention.events(&group, &scene.store.all(&group)).await.unwrap();
        scene.store.expire(&group, 101 * DAY).await.unwrap();
        scene.at(131 * DAY);
        scene.run(&retention).await;
        assert_eq!((scene.left(&group), scene.log.noted.lock().len()), (vec![2], 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_whose_clock_is_ahead_removes_nothing_too_early() {
        let group = GroupId::random();
        let scene = Scene::new(&group, [(1, 100 * DAY), (2, 100 * DAY)]);
        let retention = scene.keeping(30);
        retention.events(&group, &scene.store.all(&group)).await.unwrap();
        scene.at(120 * DAY);
        scene.ledger.now.store(485 * DAY as u64, std::sync::atomic::Ordering::Relaxed);
        let claimed = scene.ledger.claim(RETENTION, 1, Duration::ZERO).await.unwrap();
        assert!(matches!(retention.due(&claimed[0].due).await, Err(Failure::Early)));
        assert_eq!(scene.left(&group), [1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn where_it_is_set_after_years_all_that_is_too_old_goes_at_once() {
        let group = GroupId::random();
        let scene = Scene::new(&group, (1..=60).map(|seq| (seq, 100 * DAY + seq as Millis * DAY)));
        let retention = scene.keeping(30);
        scene.at(170 * DAY);
        retention.begun(&[extent(&group)]).await.unwrap();
        scene.run(&retention).await;
        assert_eq!((scene.left(&group).first(), scene.planned()), (Some(&40), vec![141]));
        scene.at(175 * DAY);
        scene.run(&retention).await;
        assert_eq!((scene.left(&group).first(), scene.planned()), (Some(&45), vec![146]));
        // The newest stays, and nothing is planned for it.
        scene.at(900 * DAY);
        scene.run(&retention).await;
        assert_eq!((scene.left(&group), scene.planned()), (vec![60], vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn another_time_takes_the_place_of_the_one_before() {
        let group = GroupId::random();
        let scene = Scene::new(&group, [(1, 100 * DAY), (2, 150 * DAY)]);
        let (short, long) = (scene.keeping(30), scene.keeping(60));
        assert_ne!(short.edition(), long.edition());
        short.events(&group, &scene.store.all(&group)[..1]).await.unwrap();
        scene.at(140 * DAY);
        scene.run(&long).await;
        assert_eq!(scene.left(&group), [1, 2], "it is kept for longer now");
        // Of a group and a day there is one entry, and it says what counts now.
        scene.at(162 * DAY);
        scene.run(&long).await;
        assert_eq!(scene.left(&group), [2]);
    }
}
