//! What events switch on and off.

use super::Seq;

/// Something that events switch on and off. Of two settings the one by the event of the greater seq stands, in whatever
/// order, and however often, they are applied.
///
/// Kept as one number, `2 × seq + 1` where it is on and `2 × seq` where it is off: the greatest says how things are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Switch(u64);

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

    /// The event that set it; 0 where it was never set.
    pub fn seq(self) -> Seq {
        self.0 / 2
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_seq_decides_and_bits_come_back() {
        assert!(Switch::set(10, true) > Switch::set(9, false) && Switch::set(10, true).is_on());
        assert_eq!((Switch::set(10, true).seq(), Switch::set(9, false).seq()), (10, 9));
        assert_eq!(Switch::from_bits(Switch::set(10, true).bits()), Switch::set(10, true));
    }
}
