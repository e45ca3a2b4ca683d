//! What all clients of a run count together, and what each of them holds.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use super::histogram::Histogram;
use crate::tools::frame_scan::{Act, Knows};

/// Cids of texts begin so.
pub const TEXT_CID: u8 = b'b';

/// What all clients count together.
pub struct Tally {
    /// The clock that all times are in.
    pub clock: Instant,
    /// From a send to its arrival at a client.
    pub latency: Histogram,
    /// Events of the bench that arrived.
    pub delivered: AtomicU64,
    /// The same by what they are, where a run is mixed.
    pub mix: MixTally,
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
    /// The last text that came; 0 before the first.
    pub text: AtomicU64,
    /// The last text of its own that was stored; 0 before the first.
    pub own: AtomicU64,
}

/// What is counted of each act.
#[derive(Default)]
pub struct MixTally {
    acts: [ActTally; Act::ALL.len()],
    knows_reactions: AtomicBool,
    knows_edits: AtomicBool,
    /// Texts that were said in the place of what the hub does not know.
    pub instead: AtomicU64,
    /// Read marks and typing, which are no events.
    pub passing: AtomicU64,
}

/// What is counted of one act.
#[derive(Default)]
pub struct ActTally {
    /// Sends of it.
    pub sent: AtomicU64,
    /// Deliveries of it.
    pub delivered: AtomicU64,
    /// From a send to its arrival: of a reaction at its sender, of others at each client.
    pub latency: Histogram,
}

// === impl Tally ===

impl Default for Tally {
    fn default() -> Self {
        Self {
            clock: Instant::now(),
            latency: Histogram::default(),
            delivered: AtomicU64::new(0),
            mix: MixTally::default(),
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

    /// An event came at `now`: if it is of the bench, what it is, and when it was sent, where that is told.
    pub fn event(&self, state: &State, seq: u64, act: Option<(Act, Option<u64>)>, now: u64) {
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
        let Some((act, sent)) = act else { return };
        count(&self.delivered);
        let took = sent.map(|sent| now.saturating_sub(sent));
        if act == Act::Text {
            state.text.store(seq, Ordering::Relaxed);
            took.inspect(|took| self.latency.record(*took));
        }
        self.mix.delivered(act, took);
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

// === impl MixTally ===

impl MixTally {
    /// What is counted of an act.
    pub fn of(&self, act: Act) -> &ActTally {
        &self.acts[act as usize]
    }

    /// A welcome told what the hub knows.
    pub fn told(&self, knows: Knows) {
        self.knows_reactions.store(knows.reactions, Ordering::Relaxed);
        self.knows_edits.store(knows.edits, Ordering::Relaxed);
    }

    /// Whether the hub knows an act, as far as was told.
    pub fn knows(&self, act: Act) -> bool {
        match act {
            Act::Text => true,
            Act::Reaction => self.knows_reactions.load(Ordering::Relaxed),
            Act::Edit => self.knows_edits.load(Ordering::Relaxed),
        }
    }

    fn delivered(&self, act: Act, took: Option<u64>) {
        let tally = self.of(act);
        count(&tally.delivered);
        if let Some(took) = took {
            tally.latency.record(took);
        }
    }
}

// === impl State ===

impl State {
    /// What the same client holds when it comes back, untouched by what its old connection still hears.
    pub fn carried(&self) -> Self {
        let copy = |of: &AtomicU64| AtomicU64::new(of.load(Ordering::Relaxed));
        Self { held: copy(&self.held), first: copy(&self.first), text: copy(&self.text), own: copy(&self.own) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seqs_are_held_to_account() {
        let (tally, state) = (Tally::default(), State::default());
        for seq in [5, 6, 6, 9, 10] {
            tally.event(&state, seq, Some((Act::Text, Some(100))), 350);
        }
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!((of(&state.first), of(&state.held)), (5, 10));
        assert_eq!((of(&tally.duplicates), of(&tally.missing), of(&tally.delivered)), (1, 2, 4));
        assert!((240..260).contains(&(tally.latency.quantile(1.0).as_micros() as u64)));
    }
    #[test]
    fn acts_are_counted_apart() {
        let (tally, state) = (Tally::default(), State::default());
        let acts = [(Act::Text, Some(100)), (Act::Reaction, None), (Act::Reaction, Some(50)), (Act::Edit, Some(90))];
        for (seq, act) in (1..).zip(acts) {
            tally.event(&state, seq, Some(act), 350);
        }
        tally.event(&state, 5, None, 350);
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!((of(&state.text), of(&state.held), of(&tally.delivered)), (1, 5, 4));
        assert_eq!(Act::ALL.map(|act| of(&tally.mix.of(act).delivered)), [1, 2, 1]);
        let took = |act| tally.mix.of(act).latency.quantile(1.0).as_micros();
        assert!((290..310).contains(&took(Act::Reaction)), "its sender alone says how long it took");
        assert!((240..260).contains(&tally.latency.quantile(1.0).as_micros()), "texts alone are the run's latency");
    }

    #[test]
    fn only_what_was_told_is_known() {
        let tally = MixTally::default();
        let known = || Act::ALL.map(|act| tally.knows(act));
        assert_eq!(known(), [true, false, false]);
        tally.told(Knows { reactions: true, edits: false });
        assert_eq!(known(), [true, true, false]);
    }
}
