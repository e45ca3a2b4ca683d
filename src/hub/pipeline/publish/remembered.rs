//! How many sends the backplane still remembers by their cid, as far as this node appended them.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The window is counted in so many slices: the count is right to one of them.
const SLICES: u32 = 64;

/// Counts what happened within a sliding window.
pub(crate) struct Remembered {
    window: Duration,
    /// When each slice began, and what was counted in it; the newest at the back.
    slices: Mutex<VecDeque<(Instant, u64)>>,
}

// === impl Remembered ===

impl Remembered {
    pub(crate) fn new(window: Duration) -> Self {
        Self { window, slices: Mutex::default() }
    }

    /// Counts one.
    pub(crate) fn note(&self, now: Instant) {
        let mut slices = self.slices.lock();
        match slices.back_mut() {
            Some((began, count)) if now.saturating_duration_since(*began) < self.window / SLICES => *count += 1,
            _ => slices.push_back((now, 1)),
        }
    }

    /// How many there were within the window.
    pub(crate) fn count(&self, now: Instant) -> u64 {
        let mut slices = self.slices.lock();
        while slices.front().is_some_and(|(began, _)| now.saturating_duration_since(*began) > self.window) {
            slices.pop_front();
        }
        slices.iter().map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_older_than_the_window_is_forgotten() {
        let remembered = Remembered::new(Duration::from_secs(64));
        for _ in 0..100 {
            remembered.note(Instant::now());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let count = remembered.count(Instant::now());
        assert!((63..=65).contains(&count), "{count}");
        assert!(remembered.slices.lock().len() <= SLICES as usize + 2);
        tokio::time::advance(Duration::from_secs(65)).await;
        assert_eq!(remembered.count(Instant::now()), 0);
    }
}
