//! Which groups' stored heads moved, by commit number.

use std::collections::{BTreeSet, HashMap};

use crate::domain::GroupId;

pub(super) struct Moves {
    newest: u64,
    /// Moves after this number are all known.
    bound: u64,
    numbers: HashMap<GroupId, u64>,
    order: BTreeSet<(u64, GroupId)>,
}

// === impl Moves ===

impl Moves {
    /// No moves yet; numbers begin after `first`.
    pub(super) fn new(first: u64) -> Self {
        Self { newest: first, bound: first, numbers: HashMap::new(), order: BTreeSet::new() }
    }

    /// Notes that these groups moved, under the next number, which is at least the time in microseconds.
    pub(super) fn note<'a>(&mut self, groups: impl IntoIterator<Item = &'a GroupId>, micros: u64, keep: u64) {
        let number = micros.max(self.newest + 1);
        for group in groups {
            self.newest = number;
            if let Some(before) = self.numbers.insert(group.clone(), number) {
                self.order.remove(&(before, group.clone()));
            }
            self.order.insert((number, group.clone()));
        }
        while self.order.len() as u64 > keep {
            let Some((number, group)) = self.order.pop_first() else { break };
            self.numbers.remove(&group);
            self.bound = number;
        }
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// The groups that moved after number `after`, if all of them are known.
    pub(super) fn since(&self, after: u64) -> Option<Vec<GroupId>> {
        if after < self.bound || after > self.newest {
            return None;
        }
        let later = self.order.iter().rev().take_while(|(number, _)| *number > after);
        Some(later.map(|(_, group)| group.clone()).collect())
    }

    pub(super) fn forget(&mut self, group: &GroupId) {
        if let Some(number) = self.numbers.remove(group) {
            self.order.remove(&(number, group.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_time_and_never_stand_still() {
        let (group, mut moves) = (GroupId::random(), Moves::new(1_000));
        let mut numbers = Vec::new();
        for micros in [5_000, 5_000, 4_000, 9_000] {
            moves.note([&group], micros, 10);
            numbers.push(moves.newest());
        }
        assert_eq!(numbers, [5_000, 5_001, 5_002, 9_000]);
        moves.note([], 20_000, 10);
        assert_eq!(moves.newest(), 9_000, "nothing moved");
    }
}
