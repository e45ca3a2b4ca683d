//! Token buckets: how much somebody may ask in a time.

use std::time::Duration;

use tokio::time::Instant;

use super::config::Rate;

/// A token bucket. Full at first; a request takes a token, time gives them back.
#[derive(Debug)]
pub struct TokenBucket {
    rate: Rate,
    tokens: f32,
    at: Instant,
}

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
}
