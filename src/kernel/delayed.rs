//! What is written after a while, together with whatever else is due by then. Pure state.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Values that wait, each under a key, for a time that begins when the key comes in.
#[derive(Debug)]
pub struct Delayed<K, V> {
    values: HashMap<K, V>,
    /// When each is due, the soonest first. A key whose value was taken sooner stays in it until then.
    due: VecDeque<(Instant, K)>,
}

// === impl Delayed ===

impl<K, V> Default for Delayed<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), due: VecDeque::new() }
    }
}

impl<K: Clone + Eq + Hash, V: Default> Delayed<K, V> {
    /// The value under a key; a new one is due `after` from now, for which all calls give the same.
    pub fn entry(&mut self, key: &K, after: Duration) -> &mut V {
        if !self.values.contains_key(key) {
            self.due.push_back((Instant::now() + after, key.clone()));
        }
        self.values.entry(key.clone()).or_default()
    }

    /// What waits under a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }

    /// What waits under a key is due now.
    pub fn hasten(&mut self, key: &K) {
        if self.values.contains_key(key) {
            self.due.push_front((Instant::now(), key.clone()));
        }
    }

    /// What waits under a key is no longer wanted.
    pub fn forget(&mut self, key: &K) {
        self.values.remove(key);
    }

    /// Takes what is due at a moment, so many at most.
    pub fn take_due(&mut self, now: Instant, most: usize) -> Vec<(K, V)> {
        let mut taken = Vec::new();
        while taken.len() < most && self.due.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, key)) = self.due.pop_front() else { break };
            taken.extend(self.values.remove_entry(&key));
        }
        if self.due.is_empty() {
            // Nothing waits: a storm's memory is given back.
            *self = Self::default();
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_secs(15);

    fn take(delayed: &mut Delayed<&'static str, u32>) -> Vec<(&'static str, u32)> {
        delayed.take_due(Instant::now(), 9)
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_waits_from_its_first_value_on() {
        let mut delayed = Delayed::default();
        *delayed.entry(&"ada", AFTER) = 1;
        tokio::time::advance(AFTER / 2).await;
        *delayed.entry(&"bo", AFTER) = 2;
        *delayed.entry(&"ada", AFTER) = 3;
        assert_eq!(take(&mut delayed), []);
        assert_eq!(delayed.get(&"ada"), Some(&3));
        tokio::time::advance(AFTER / 2).await;
        assert_eq!(take(&mut delayed), [("ada", 3)]);
        tokio::time::advance(AFTER).await;
        assert_eq!(take(&mut delayed), [("bo", 2)]);
        assert_eq!(delayed.get(&"bo"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn some_are_due_sooner_and_some_never() {
        let mut delayed = Delayed::default();
        for (key, value) in [("ada", 1), ("bo", 2), ("cy", 3), ("dee", 4)] {
            *delayed.entry(&key, AFTER) = value;
        }
        delayed.hasten(&"bo");
        delayed.hasten(&"nobody");
        delayed.forget(&"cy");
        assert_eq!(take(&mut delayed), [("bo", 2)]);
        tokio::time::advance(AFTER).await;
        assert_eq!(delayed.take_due(Instant::now(), 1), [("ada", 1)], "no more than asked for");
        assert_eq!(take(&mut delayed), [("dee", 4)]);
        assert_eq!((delayed.values.capacity(), delayed.due.capacity()), (0, 0), "nothing waits and is kept");
    }
}
