//! Groups that wait for a follower. Pure state.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{GroupId, Seq};
use crate::hub::tasks::RETRY;
use crate::kernel::Backoff;

/// A hole that is there for so long is nobody's work under way.
const HOLE_STAYS: Duration = Duration::from_secs(5);

/// Groups that wait, each until its follower has worked on what moved.
#[derive(Debug, Default)]
pub(super) struct Pending {
    groups: HashMap<GroupId, Waiting>,
    /// Those that can be worked on, the longest waiting first.
    ready: VecDeque<GroupId>,
    /// Those that failed, by when they are tried again.
    later: BTreeSet<(Instant, GroupId)>,
}

/// A group that waits.
#[derive(Debug)]
struct Waiting {
    /// How far it has come, as far as was heard.
    head: Seq,
    /// How far the follower has come in it, where that is known.
    reached: Option<Seq>,
    /// All its moves that are not worked on have greater numbers.
    since: u64,
    heard: Instant,
    /// It is being worked on.
    busy: bool,
    /// It was heard of while it was worked on.
    again: bool,
    retry: Backoff,
    /// Since when there is a hole in what is stored.
    hole: Option<Instant>,
}

/// A group to be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) group: GroupId,
    /// How far it has come, as far as was heard.
    pub(super) head: Seq,
    /// Whether its hole is to be filled: it has been there for a while.
    pub(super) fill: bool,
}

/// How far a follower is behind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Lag {
    /// Events that it has not worked on yet.
    pub(crate) events: u64,
    /// How long the group that has waited longest has done so, in seconds.
    pub(crate) seconds: f64,
}

// === impl Pending ===

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// A group has come to `head`, by a move with a number above `since`.
    pub(super) fn add(&mut self, group: &GroupId, head: Seq, since: u64, now: Instant) {
        if let Some(waiting) = self.groups.get_mut(group) {
            waiting.head = waiting.head.max(head);
            waiting.since = waiting.since.min(since);
            waiting.again |= waiting.busy;
            return;
        }
        let waiting =
            Waiting { head, reached: None, since, heard: now, busy: false, again: false, retry: RETRY, hole: None };
        self.groups.insert(group.clone(), waiting);
        self.ready.push_back(group.clone());
    }

    /// Takes at most `most` that can be worked on now.
    pub(super) fn take(&mut self, most: usize, now: Instant) -> Vec<Ready> {
        while self.later.first().is_some_and(|(at, _)| *at <= now) {
            self.ready.extend(self.later.pop_first().map(|(_, group)| group));
        }
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(group) = self.ready.pop_front()
        {
            let Some(waiting) = self.groups.get_mut(&group) else { continue };
            (waiting.busy, waiting.again) = (true, false);
            let fill = waiting.hole.is_some_and(|since| now - since >= HOLE_STAYS);
            if fill {
                waiting.hole = None;
            }
            taken.push(Ready { group, head: waiting.head, fill });
        }
        taken
    }

    /// When the next of those that failed is tried again.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.later.first().map(|(at, _)| *at)
    }

    /// The follower has come so far in a group. Answers the number above which its moves lie.
    pub(super) fn reached(&mut self, group: &GroupId, seq: Seq) -> Option<u64> {
        let waiting = self.groups.get_mut(group)?;
        waiting.reached = Some(seq);
        Some(waiting.since)
    }

    /// All that was known of a group when it was taken is worked on.
    pub(super) fn finish(&mut self, group: &GroupId) {
        let Some(waiting) = self.groups.get_mut(group) else { return };
        if waiting.again {
            (waiting.busy, waiting.again) = (false, false);
            (waiting.retry, waiting.hole) = (RETRY, None);
            self.ready.push_back(group.clone());
        } else {
            self.groups.remove(group);
        }
    }

    /// A group could not be worked on, for a hole or for something else; it is tried again after a while.
    pub(super) fn fail(&mut self, group: &GroupId, hole: bool, now: Instant) {
        let Some(waiting) = self.groups.get_mut(group) else { return };
        (waiting.busy, waiting.again) = (false, false);
        if hole {
            waiting.hole.get_or_insert(now);
        }
        self.later.insert((now + waiting.retry.take(), group.clone()));
    }

    /// The number up to which no group waits.
    pub(super) fn covers(&self) -> Option<u64> {
        self.groups.values().map(|waiting| waiting.since).min()
    }

    /// How far the follower is behind.
    pub(super) fn lag(&self, now: Instant) -> Lag {
        let mut lag = Lag::default();
        for waiting in self.groups.values() {
            // Where it is not known yet how much lacks, it is one at least.
            lag.events += waiting.reached.map_or(1, |reached| waiting.head.saturating_sub(reached).max(1));
            lag.seconds = lag.seconds.max((now - waiting.heard).as_secs_f64());
        }
        lag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups<const N: usize>() -> [GroupId; N] {
        std::array::from_fn(|_| GroupId::random())
    }

    fn names(taken: &[Ready]) -> Vec<GroupId> {
        taken.iter().map(|ready| ready.group.clone()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_waits_until_all_that_was_heard_of_it_is_worked_on() {
        let (mut pending, now, [a, b]) = (Pending::default(), Instant::now(), groups());
        pending.add(&a, 3, 10, now);
        pending.add(&b, 1, 10, now);
        pending.add(&a, 4, 12, now);
        assert_eq!(names(&pending.take(1, now)), std::slice::from_ref(&a));
        pending.add(&a, 5, 14, now);
        assert_eq!(names(&pending.take(9, now)), std::slice::from_ref(&b), "nobody else works on a");
        assert_eq!(pending.covers(), Some(10));
        pending.finish(&b);
        pending.finish(&a);
        assert_eq!(pending.take(9, now), [Ready { group: a.clone(), head: 5, fill: false }]);
        pending.finish(&a);
        assert_eq!((pending.len(), pending.covers()), (0, None));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_waits_alone_and_a_hole_that_stays_is_filled() {
        let (mut pending, now, [a, b]) = (Pending::default(), Instant::now(), groups());
        pending.add(&a, 3, 10, now);
        pending.add(&b, 1, 11, now);
        pending.take(1, now);
        pending.fail(&a, true, now);
        assert_eq!(names(&pending.take(9, now)), [b]);
        let mut at = now;
        let mut tries = 0;
        let filled = loop {
            at = pending.next_try().unwrap_or(at);
            let taken = pending.take(9, at);
            tries += 1;
            if taken[0].fill {
                break at;
            }
            pending.fail(&a, true, at);
        };
        assert!(filled - now >= HOLE_STAYS && tries > 3, "{tries}");
        assert_eq!(pending.covers(), Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn the_lag_is_that_of_what_waits() {
        let (mut pending, now, [a, b]) = (Pending::default(), Instant::now(), groups());
        pending.add(&a, 30, 1, now);
        let later = now + Duration::from_secs(4);
        pending.add(&b, 9, 1, later);
        assert_eq!(pending.reached(&a, 10), Some(1));
        assert_eq!(pending.lag(later), Lag { events: 21, seconds: 4.0 });
        pending.take(9, later);
        pending.finish(&a);
        assert_eq!(pending.lag(later), Lag { events: 1, seconds: 0.0 });
    }
}
