//! Token buckets: how much somebody may ask in a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::config::Rate;
use crate::domain::UserId;

/// A token bucket. Full at first; a request takes a token, time gives them back.
#[derive(Debug)]
pub struct TokenBucket {
    rate: Rate,
    tokens: f32,
    at: Instant,
}

/// The buckets of users, on this node.
#[derive(Debug)]
pub(crate) struct UserRates {
    rate: Rate,
    buckets: DashMap<UserId, Arc<Mutex<TokenBucket>>>,
    /// So many buckets are looked through for those that say nothing any more.
    sweep_at: AtomicUsize,
}

/// Fewer buckets are not worth looking through.
const FIRST_SWEEP: usize = 1_024;

// === impl TokenBucket ===

impl TokenBucket {
    /// A full bucket.
    pub fn new(rate: Rate) -> Self {
        Self { rate, tokens: rate.burst as f32, at: Instant::now() }
    }

    /// Takes a token, or tells how long until there is one.
    pub fn take(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        let gained = now.duration_since(self.at).as_secs_f32() * self.rate.per_second as f32;
        self.tokens = (self.tokens + gained).min(self.rate.burst as f32);
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let missing = 1.0 - self.tokens;
        Err(Duration::from_secs_f32(missing / (self.rate.per_second.max(1)) as f32))
    }

    /// Whether it is like a new one.
    fn is_full(&self) -> bool {
        let gained = self.at.elapsed().as_secs_f32() * self.rate.per_second as f32;
        self.tokens + gained >= self.rate.burst as f32
    }
}

// === impl UserRates ===

impl UserRates {
    /// Nobody has asked for anything.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: DashMap::new(), sweep_at: AtomicUsize::new(FIRST_SWEEP) }
    }

    /// The user's bucket, the same for all their sessions and calls. It outlives them while it is
    /// not full: coming again does not fill it.
    pub(crate) fn of(&self, user: &UserId) -> Arc<Mutex<TokenBucket>> {
        if self.buckets.len() >= self.sweep_at.load(Relaxed) {
            self.sweep();
        }
        let full = || Arc::new(Mutex::new(TokenBucket::new(self.rate)));
        self.buckets.entry(user.clone()).or_insert_with(full).clone()
    }

    /// Forgets full buckets that nobody holds: each says no more than a new one.
    fn sweep(&self) {
        self.buckets.retain(|_, bucket| Arc::strong_count(bucket) > 1 || !bucket.lock().is_full());
        self.sweep_at.store((2 * self.buckets.len()).max(FIRST_SWEEP), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_the_rate_holds() {
        let mut bucket = TokenBucket::new(Rate { burst: 3, per_second: 2 });
        assert!((0..3).all(|_| bucket.take().is_ok()));
        let wait = bucket.take().unwrap_err();
        assert!(wait <= Duration::from_millis(500), "{wait:?}");
        tokio::time::advance(Duration::from_millis(501)).await;
        assert!(bucket.take().is_ok());
        assert!(bucket.take().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn coming_again_fills_no_bucket() {
        let rates = UserRates::new(Rate { burst: 1, per_second: 1 });
        let anna = UserId::parse("anna").unwrap();
        assert!(rates.of(&anna).lock().take().is_ok());
        assert!(rates.of(&anna).lock().take().is_err());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(rates.of(&anna).lock().take().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_that_are_full_again_are_forgotten() {
        let rates = UserRates::new(Rate { burst: 1, per_second: 1 });
        let user = |number: usize| UserId::parse(&format!("user-{number}")).unwrap();
        let held = rates.of(&user(0));
        for number in 1..10 * FIRST_SWEEP {
            rates.of(&user(number)).lock().take().unwrap();
            if number.is_multiple_of(FIRST_SWEEP / 2) {
                tokio::time::advance(Duration::from_secs(1)).await;
            }
        }
        assert!(rates.buckets.len() <= 2 * FIRST_SWEEP, "{}", rates.buckets.len());
        assert!(Arc::ptr_eq(&held, &rates.of(&user(0))));
    }
}
