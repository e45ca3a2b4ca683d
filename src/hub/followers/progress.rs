//! How far a follower has come in its groups, and what of that is not in the store yet. Pure state.

use std::collections::HashMap;

use crate::domain::GroupId;
use crate::ports::Done;

/// So many groups are remembered beyond those whose progress is to be stored.
const REMEMBERED: usize = 10_000;

/// How far it has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    known: HashMap<GroupId, Done>,
    /// What is to be stored, with the number above which the group's moves lie.
    unraised: HashMap<GroupId, (Done, u64)>,
}

// === impl Progress ===

impl Progress {
    /// How far the follower has come in a group, where that is remembered.
    pub(super) fn of(&self, group: &GroupId) -> Option<Done> {
        self.known.get(group).copied()
    }

    /// Remembers what the store said; what was done since counts for more.
    pub(super) fn learn(&mut self, group: &GroupId, done: Done) {
        if self.known.len() >= REMEMBERED {
            let unraised = &self.unraised;
            self.known.retain(|group, _| unraised.contains_key(group));
        }
        let known = self.known.entry(group.clone()).or_default();
        *known = further(*known, done);
    }

    /// The follower has come further in a group, all of whose moves that are not worked on have numbers above `since`.
    pub(super) fn note(&mut self, group: &GroupId, done: Done, since: u64) {
        self.learn(group, done);
        let unraised = self.unraised.entry(group.clone()).or_insert((done, since));
        *unraised = (further(unraised.0, done), unraised.1.min(since));
    }

    /// What is to be stored.
    pub(super) fn to_raise(&self) -> Vec<(GroupId, Done)> {
        self.unraised.iter().map(|(group, (done, _))| (group.clone(), *done)).collect()
    }

    /// This is stored.
    pub(super) fn raised(&mut self, raised: &[(GroupId, Done)]) {
        for (group, done) in raised {
            if self.unraised.get(group).is_some_and(|(now, _)| now == done) {
                self.unraised.remove(group);
            }
        }
    }

    /// The number up to which everything that is worked on is stored.
    pub(super) fn covers(&self) -> Option<u64> {
        self.unraised.values().map(|(_, since)| *since).min()
    }
}

/// The further of the two, part by part.
fn further(one: Done, other: Done) -> Done {
    Done { seq: one.seq.max(other.seq), first: one.first.max(other.first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(seq: u64) -> Done {
        Done { seq, first: 0 }
    }

    #[test]
    fn what_came_while_some_was_stored_is_still_to_be_stored() {
        let (mut progress, a, b) = (Progress::default(), GroupId::random(), GroupId::random());
        progress.note(&a, done(3), 7);
        progress.note(&b, done(1), 9);
        let raised = progress.to_raise();
        progress.note(&a, done(5), 8);
        progress.raised(&raised);
        assert_eq!((progress.to_raise(), progress.covers()), (vec![(a.clone(), done(5))], Some(7)));
        assert_eq!(progress.of(&b), Some(done(1)));
    }

    #[test]
    fn no_more_is_remembered_than_needed() {
        let (mut progress, a) = (Progress::default(), GroupId::random());
        progress.note(&a, done(3), 7);
        for _ in 0..2 * REMEMBERED {
            progress.learn(&GroupId::random(), done(1));
        }
        assert!(progress.known.len() <= REMEMBERED);
        assert_eq!(progress.of(&a), Some(done(3)));
    }
}
