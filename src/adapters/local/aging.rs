//! A queue of keys in the order in which they age.

use std::collections::VecDeque;

use crate::domain::Millis;

pub(super) struct Aging<K> {
    queue: VecDeque<(Millis, K)>,
}

// === impl Aging ===

impl<K> Aging<K> {
    pub(super) fn push(&mut self, since: Millis, key: K) {
        self.queue.push_back((since, key));
    }

    /// The oldest key when it dates from `limit` or before.
    pub(super) fn pop_until(&mut self, limit: Millis) -> Option<(Millis, K)> {
        match self.queue.front() {
            Some((since, _)) if *since <= limit => self.queue.pop_front(),
            _ => None,
        }
    }

    /// The oldest key when there are more than `cap`.
    pub(super) fn pop_beyond(&mut self, cap: usize) -> Option<(Millis, K)> {
        if self.queue.len() > cap { self.queue.pop_front() } else { None }
    }
}

impl<K> Default for Aging<K> {
    fn default() -> Self {
        Self { queue: VecDeque::new() }
    }
}
