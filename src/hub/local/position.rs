//! How far a node has given a group to its sockets, and what it still lacks. Pure state.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Event, Head, Seq};

/// A stash larger than this forgets its far end: it is fetched again when its turn comes.
const STASH_MAX: usize = 1_000;

/// The last seq given out, events waiting for their turn, and how far the group is known to go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position {
    at: Option<Head>,
    stash: BTreeMap<Seq, Arc<Event>>,
    wanted: Seq,
}

// === impl Position ===

impl Position {
    /// Where the group stands; `None` until it is known.
    pub(crate) fn at(&self) -> Option<Head> {
        self.at
    }

    /// Begins at a stored head: what lies at or below it is not for this node.
    pub(crate) fn start(&mut self, head: Head) {
        if self.at.is_none() {
            self.at = Some(head);
            self.stash = self.stash.split_off(&(head.seq + 1));
        }
        self.want(head.seq);
    }

    /// The group is known to be stored up to here.
    pub(crate) fn want(&mut self, seq: Seq) {
        self.wanted = self.wanted.max(seq);
    }

    /// Takes events in; those at or below the position are dropped.
    pub(crate) fn stash(&mut self, events: impl IntoIterator<Item = Arc<Event>>) {
        let at = self.at.map_or(0, |head| head.seq);
        for event in events {
            self.want(event.seq);
            if event.seq > at {
                self.stash.entry(event.seq).or_insert(event);
            }
        }
        while self.stash.len() > STASH_MAX {
            self.stash.pop_last();
        }
    }

    /// Whether events can be taken as they are: nothing waits, and they follow on.
    pub(crate) fn follows(&self, first: Seq) -> bool {
        self.stash.is_empty() && self.at.is_some_and(|head| head.seq + 1 == first)
    }

    /// Moves on over events that were given out.
    pub(crate) fn advance(&mut self, event: &Event) {
        self.at = Some(event.head());
        self.want(event.seq);
    }

    /// The next event in turn, if it is here. It stays until [`Position::advance`] has passed it and
    /// [`Position::prune`] removes it.
    pub(crate) fn ready(&self) -> Vec<Arc<Event>> {
        let Some(head) = self.at else { return Vec::new() };
        let in_turn =
            (head.seq + 1..).zip(self.stash.range(head.seq + 1..)).take_while(|(next, (seq, _))| next == *seq);
        in_turn.map(|(_, (_, event))| event.clone()).collect()
    }

    /// Whether the next event in turn is here.
    pub(crate) fn is_ready(&self) -> bool {
        self.at.is_some_and(|head| self.stash.contains_key(&(head.seq + 1)))
    }

    /// Forgets what has been given out.
    pub(crate) fn prune(&mut self) {
        if let Some(head) = self.at {
            self.stash = self.stash.split_off(&(head.seq + 1));
        }
    }

    /// Everything that waits for its turn.
    pub(crate) fn waiting(&self) -> Vec<Arc<Event>> {
        self.stash.values().cloned().collect()
    }

    /// The next hole, as (after, up to): events that must be fetched.
    pub(crate) fn missing(&self) -> Option<(Seq, Seq)> {
        let at = self.at?.seq;
        let upto = self.stash.keys().next().map_or(self.wanted, |first| first - 1);
        (upto > at).then_some((at, upto))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::GroupId;

    fn event(seq: Seq) -> Arc<Event> {
        Arc::new(Event::void(GroupId::parse("aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(), Head { seq, ..Head::default() }))
    }

    fn give_out(position: &mut Position, given: &mut Vec<Seq>) {
        for event in position.ready() {
            position.advance(&event);
            given.push(event.seq);
        }
        position.prune();
    }

    proptest! {
        /// Whatever comes, twice and in whatever order, with holes fetched: every seq once, in order.
        #[test]
        fn every_seq_once_in_order(start in 0u64..5, arrivals in proptest::collection::vec(1u64..40, 0..120)) {
            let mut position = Position::default();
            let mut given = Vec::new();
            for (i, seq) in arrivals.iter().enumerate() {
                if i == arrivals.len() / 3 {
                    position.start(Head { seq: start, ..Head::default() });
                }
                position.stash([event(*seq)]);
                give_out(&mut position, &mut given);
            }
            position.start(Head { seq: start, ..Head::default() });
            loop {
                give_out(&mut position, &mut given);
                let Some((after, upto)) = position.missing() else { break };
                position.stash((after + 1..=upto).map(event));
            }
            let last = arrivals.iter().copied().max().unwrap_or(0);
            prop_assert_eq!(given, (start + 1..=last).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_stash_that_overflows_is_fetched_again() {
        let mut position = Position::default();
        position.start(Head::default());
        position.stash((2..=STASH_MAX as u64 + 50).map(event));
        assert_eq!(position.missing(), Some((0, 1)));
        position.stash([event(1)]);
        let mut given = Vec::new();
        give_out(&mut position, &mut given);
        let upto = position.missing().expect("the far end is wanted still").1;
        assert_eq!(upto, STASH_MAX as u64 + 50);
    }
}
