//! What all clients of a run count together, and what each of them holds.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::histogram::Histogram;

/// What all clients count together.
pub struct Tally {
    /// The clock that all times are in.
    pub clock: Instant,
    /// From a send to its arrival at a client.
    pub latency: Histogram,
    /// Texts of the bench that arrived.
    pub delivered: AtomicU64,
    /// Sends that were answered as stored.
    pub acked: AtomicU64,
    /// Seqs that were skipped without a gap.
    pub missing: AtomicU64,
    /// Seqs that came again within a connection.
    pub duplicates: AtomicU64,
    /// `error` frames.
    pub errors: AtomicU64,
    /// Connections that the hub closed.
    pub closed: AtomicU64,
    /// Joins completed.
    pub joined: AtomicU64,
    /// The last error, to show.
    pub last_error: parking_lot::Mutex<Option<String>>,
    /// What makes the run say nothing about the hub.
    fault: OnceLock<String>,
}

/// What a client holds of its one group.
#[derive(Debug, Default)]
pub struct State {
    /// The last seq held; 0 before the first.
    pub held: AtomicU64,
    /// The first seq that came; 0 before it.
    pub first: AtomicU64,
}

// === impl Tally ===

impl Default for Tally {
    fn default() -> Self {
        Self {
            clock: Instant::now(),
            latency: Histogram::default(),
            delivered: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            missing: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            joined: AtomicU64::new(0),
            last_error: parking_lot::Mutex::new(None),
            fault: OnceLock::new(),
        }
    }
}

impl Tally {
    /// Microseconds of the bench's clock.
    pub fn now(&self) -> u64 {
        self.clock.elapsed().as_micros() as u64
    }

    /// Sends that were answered, with an ack or an error.
    pub fn answered(&self) -> u64 {
        self.acked.load(Ordering::Relaxed) + self.errors.load(Ordering::Relaxed)
    }

    /// An event came at `now`, sent at `sent` if it is a text of the bench.
    pub fn event(&self, state: &State, seq: u64, sent: Option<u64>, now: u64) {
        let held = state.held.load(Ordering::Relaxed);
        if seq <= held {
            return count(&self.duplicates);
        }
        if held == 0 {
            state.first.store(seq, Ordering::Relaxed);
        } else if seq > held + 1 {
            self.missing.fetch_add(seq - held - 1, Ordering::Relaxed);
        }
        state.held.store(seq, Ordering::Relaxed);
        if let Some(sent) = sent {
            self.latency.record(now.saturating_sub(sent));
            count(&self.delivered);
        }
    }

    /// The hub refused something.
    pub fn error(&self, text: String) {
        count(&self.errors);
        *self.last_error.lock() = Some(text);
    }

    /// The run cannot go on as planned, and not through the hub. The first reason stands.
    pub fn break_off(&self, why: String) {
        // A later one follows from it.
        let _ = self.fault.set(why);
    }

    /// Why the run says nothing about the hub, if so.
    pub fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }
}

/// One more.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

// === impl State ===

impl State {
    /// What the same client holds when it comes back, untouched by what its old connection still hears.
    pub fn carried(&self) -> Self {
        let copy = |of: &AtomicU64| AtomicU64::new(of.load(Ordering::Relaxed));
        Self { held: copy(&self.held), first: copy(&self.first) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seqs_are_held_to_account() {
        let (tally, state) = (Tally::default(), State::default());
        for seq in [5, 6, 6, 9, 10] {
            tally.event(&state, seq, Some(100), 350);
        }
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!((of(&state.first), of(&state.held)), (5, 10));
        assert_eq!((of(&tally.duplicates), of(&tally.missing), of(&tally.delivered)), (1, 2, 4));
        assert!((240..260).contains(&(tally.latency.quantile(1.0).as_micros() as u64)));
    }
}
