//! How events are numbered, and what they do.

/// How an event is numbered and what it does: decided once, where it enters, and kept with it for good. Nobody asks
/// the kind again, so nodes that know different kinds count alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Traits {
    /// Whether it makes something unread, and so counts in `n`.
    pub counts: bool,
    /// Whether it stands among the messages that people read: pages hold these alone.
    pub shown: bool,
    /// The version of its effect on other events; 0 when it has none.
    pub fx: u16,
}

// === impl Traits ===

impl Traits {
    /// As logs, caches and documents keep them: bit 0 says counted, bit 1 shown, the rest is the version of the effect.
    pub fn bits(self) -> u32 {
        u32::from(self.counts) | u32::from(self.shown) << 1 | u32::from(self.fx) << 2
    }

    /// Reads what [`Traits::bits`] made. A version beyond all that can be is the greatest: nobody knows it.
    pub fn from_bits(bits: u32) -> Self {
        let fx = u16::try_from(bits >> 2).unwrap_or(u16::MAX);
        Self { counts: bits & 1 != 0, shown: bits & 2 != 0, fx }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_come_back() {
        for traits in [
            Traits::default(),
            Traits { counts: true, shown: true, fx: 0 },
            Traits { counts: false, shown: true, fx: u16::MAX },
        ] {
            assert_eq!(Traits::from_bits(traits.bits()), traits);
        }
        assert_eq!(Traits::from_bits(u32::MAX).fx, u16::MAX);
    }
}
