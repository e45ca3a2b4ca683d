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

    /// Notes that these groups moved, under the next number.
    pub(super) fn note<'a>(&mut self, groups: impl IntoIterator<Item = &'a GroupId>, keep: u64) {
        let number = self.newest + 1;
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
