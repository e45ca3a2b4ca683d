//! How often somebody may try.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::domain::{Code, Refusal};

/// Keys remembered at once: some 100 bytes each.
const MAX_KEYS: usize = 10_000;

/// A token bucket's size and speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many at once.
    pub burst: u32,
    /// Then one in each such time.
    pub every: Duration,
}

/// A token bucket for each key, kept only while it is not full again.
///
/// A bucket is the moment at which it will be full: with `burst` tokens taken that moment lies
/// `burst × every` ahead, and it comes nearer by itself.
pub(super) struct Throttle<K> {
    allowance: Allowance,
    full_at: Mutex<HashMap<K, Instant>>,
}

// === impl Throttle ===

impl<K: Hash + Eq + Clone> Throttle<K> {
    pub(super) fn new(allowance: Allowance) -> Self {
        Self { allowance, full_at: Mutex::new(HashMap::new()) }
    }

    /// Takes a token, or tells how long until there is one.
    pub(super) fn take(&self, key: &K) -> Result<(), Duration> {
        let now = Instant::now();
        let mut full_at = self.full_at.lock();
        let held = full_at.get(key).copied().unwrap_or(now).max(now);
        let next = held + self.allowance.every;
        let ahead = next.duration_since(now);
        let size = self.allowance.every * self.allowance.burst.max(1);
        if ahead > size {
            return Err(ahead - size);
        }
        if full_at.len() >= MAX_KEYS && !full_at.contains_key(key) {
            make_room(&mut full_at, now);
        }
        full_at.insert(key.clone(), next);
        Ok(())
    }

    /// Fills the bucket: this one has shown to be no guesser.
    pub(super) fn forgive(&self, key: &K) {
        self.full_at.lock().remove(key);
    }
}

/// What whoever tries too often is told.
pub(super) fn too_often(wait: Duration) -> Refusal {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    Refusal::new(Code::RateLimited, "too many attempts; wait a little").retry_after(ms)
}

/// Full buckets say nothing any more; if there is none, those nearest to full say least.
fn make_room<K: Hash + Eq + Clone>(full_at: &mut HashMap<K, Instant>, now: Instant) {
    full_at.retain(|_, at| *at > now);
    while full_at.len() >= MAX_KEYS {
        let mut moments: Vec<Instant> = full_at.values().copied().collect();
        let (_, nearest, _) = moments.select_nth_unstable(MAX_KEYS / 10);
        let nearest = *nearest;
        full_at.retain(|_, at| *at > nearest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_at_a_time() {
        let throttle = Throttle::new(Allowance { burst: 3, every: SECOND });
        assert!((0..3).all(|_| throttle.take(&"anna").is_ok()));
        assert_eq!(throttle.take(&"anna"), Err(SECOND));
        assert_eq!(throttle.take(&"anna"), Err(SECOND), "a refused try costs nothing");
        assert!(throttle.take(&"bert").is_ok(), "others are not concerned");
        tokio::time::advance(SECOND).await;
        assert!(throttle.take(&"anna").is_ok());
        assert!(throttle.take(&"anna").is_err());
        throttle.forgive(&"anna");
        assert!(throttle.take(&"anna").is_ok());
        tokio::time::advance(60 * SECOND).await;
        assert!((0..3).all(|_| throttle.take(&"anna").is_ok()));
        assert!(throttle.take(&"anna").is_err(), "a bucket holds no more than its size");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_the_busiest_are_remembered() {
        let throttle = Throttle::new(Allowance { burst: 2, every: SECOND });
        let busy = usize::MAX;
        assert!(throttle.take(&busy).is_ok() && throttle.take(&busy).is_ok());
        for key in 0..2 * MAX_KEYS {
            assert!(throttle.take(&key).is_ok());
        }
        assert!(throttle.full_at.lock().len() <= MAX_KEYS);
        assert!(throttle.take(&busy).is_err());
    }
}
