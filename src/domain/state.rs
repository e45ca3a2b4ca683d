//! What later events made of an event: its state, reckoned from effects in whatever order they come.

use super::Seq;

/// Something that events switch on and off. Of two settings the one by the event of the greater seq stands, in whatever
/// order, and however often, they are applied.
///
/// Kept as one number, `2 × seq + 1` where it is on and `2 × seq` where it is off: the greatest says how things are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Switch(u64);

/// What became of an event since it was said, as the store keeps it. Empty in the log, in caches and in what nodes tell
/// each other: these carry events as they were said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventState {
    /// Whether it is pinned.
    pub pin: Switch,
}

/// What is done to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is pinned, or no more.
    Pin(Switch),
}

// === impl Switch ===

impl Switch {
    /// Set by the event `seq`.
    pub fn set(seq: Seq, on: bool) -> Self {
        Self(seq.saturating_mul(2).saturating_add(on.into()))
    }

    /// Whether it is on.
    pub fn is_on(self) -> bool {
        self.0 % 2 == 1
    }

    /// The number that it is kept as; 0 where it was never set.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Reads what [`Switch::bits`] made.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

// === impl EventState ===

impl EventState {
    /// Brings it up to a change.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Pin(pin) => self.pin = self.pin.max(pin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_seq_decides_whatever_the_order() {
        let changes = [(5, true), (9, false), (7, true)].map(|(seq, on)| Change::Pin(Switch::set(seq, on)));
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut state = EventState::default();
            for at in order.into_iter().chain(order) {
                state.apply(changes[at]);
            }
            assert_eq!(state.pin, Switch::set(9, false), "{order:?}");
        }
        assert!(Switch::set(10, true) > Switch::set(9, false) && Switch::set(10, true).is_on());
        assert_eq!(Switch::from_bits(Switch::set(10, true).bits()), Switch::set(10, true));
    }
}
