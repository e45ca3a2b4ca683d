//! Latencies of many tasks in one place: a log-linear histogram of atomics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Parts of each power of two: figures are good to about 3 %.
const PARTS: u64 = 32;
const BUCKETS: usize = 40 * PARTS as usize;

/// Counts of microseconds.
pub struct Histogram {
    buckets: Vec<AtomicU64>,
}

// === impl Histogram ===

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Histogram {
    /// Counts one latency in microseconds.
    pub fn record(&self, micros: u64) {
        self.buckets[index(micros)].fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.buckets.iter().for_each(|bucket| bucket.store(0, Ordering::Relaxed));
    }

    /// p50, p90, p99 and p99.9 in milliseconds.
    pub fn summary_ms(&self) -> [f64; 4] {
        [0.5, 0.9, 0.99, 0.999].map(|share| self.quantile(share).as_secs_f64() * 1e3)
    }

    /// The latency that `share` (0 to 1) of all lie at or below; zero when there are none.
    pub fn quantile(&self, share: f64) -> Duration {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let rank = (counts.iter().sum::<u64>() as f64 * share).ceil() as u64;
        let mut passed = 0;
        for (at, count) in counts.iter().enumerate() {
            passed += count;
            if passed >= rank.max(1) {
                return Duration::from_micros(value(at));
            }
        }
        Duration::ZERO
    }
}

fn index(micros: u64) -> usize {
    if micros < PARTS {
        return micros as usize;
    }
    let power = u64::from(micros.ilog2());
    let part = (micros >> (power - 5)) - PARTS;
    (((power - 4) * PARTS + part) as usize).min(BUCKETS - 1)
}

/// The middle of a bucket.
fn value(index: usize) -> u64 {
    let index = index as u64;
    if index < PARTS {
        return index;
    }
    let (power, part) = (index / PARTS + 4, index % PARTS);
    let width = 1_u64 << (power - 5);
    (PARTS + part) * width + width / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_close() {
        let histogram = Histogram::default();
        (1..=100_000).for_each(|micros| histogram.record(micros));
        for share in [0.5, 0.9, 0.99] {
            let (found, exact) = (histogram.quantile(share).as_micros() as f64, 100_000.0 * share);
            assert!((found / exact - 1.0).abs() < 0.04, "{share}: {found}");
        }
        histogram.clear();
        assert_eq!(histogram.quantile(0.5), Duration::ZERO);
    }
}
