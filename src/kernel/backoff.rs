//! Pauses between tries, each twice the one before, up to a greatest one.
//!
//! Not taken from a library: those run a whole loop that ends with success or an error, while ours also end when a
//! lease is lost, a session is over, or a peer message brings what was missing. What they share is a number that grows.

use std::time::Duration;

/// The pauses of one loop that tries again. A constant makes a fresh one wherever it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
}

// === impl Backoff ===

impl Backoff {
    /// Begins with a pause of `first`, and grows to pauses of `most`.
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, next: first }
    }

    /// Waits until the next try is due.
    pub async fn pause(&mut self) {
        tokio::time::sleep(self.take()).await;
    }

    /// The length of the next pause, for those who wait in a way of their own.
    pub fn take(&mut self) -> Duration {
        let taken = self.next;
        self.next = taken.saturating_mul(2).min(self.most);
        taken
    }

    /// Begins anew: something has moved.
    pub fn reset(&mut self) {
        self.next = self.first;
    }

    /// Whether the pauses grow no more.
    pub fn is_at_most(&self) -> bool {
        self.next >= self.most
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const RETRY: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));

    async fn paused(backoff: &mut Backoff) -> u128 {
        let begun = Instant::now();
        backoff.pause().await;
        begun.elapsed().as_millis()
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_the_greatest_and_begin_anew() {
        let mut retry = RETRY;
        for expected in [100, 200, 350, 350] {
            assert_eq!(paused(&mut retry).await, expected);
        }
        retry.reset();
        assert_eq!((paused(&mut retry).await, paused(&mut RETRY.clone()).await), (100, 100));
    }

    #[test]
    fn it_knows_when_they_grow_no_more() {
        let mut retry = RETRY;
        assert!(!retry.is_at_most());
        assert_eq!([retry.take(), retry.take()].map(|pause| pause.as_millis()), [100, 200]);
        assert!(retry.is_at_most());
        let mut endless = Backoff::new(Duration::MAX / 2, Duration::MAX);
        assert_eq!([endless.take(), endless.take(), endless.take()][2], Duration::MAX);
    }
}
