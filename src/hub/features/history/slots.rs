//! Times after which messages are removed together, so that a group has few entries. Pure.

use std::time::Duration;

use crate::domain::Millis;

/// Messages of a day go together, where they are kept for many.
const DAY: Millis = 86_400_000;
/// Otherwise those of such a part of the time for which they are kept.
const PART: Millis = 16;

/// Stretches of time, each with an end after which its messages are kept for a while longer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots {
    kept: Millis,
    length: Millis,
}

// === impl Slots ===

impl Slots {
    pub(super) fn keeping(kept: Duration) -> Self {
        // A time that cannot be reckoned with is for ever.
        let kept = Millis::try_from(kept.as_millis()).unwrap_or(Millis::MAX / 2);
        Self { kept, length: (kept / PART).clamp(1, DAY) }
    }

    /// The end of the slot in which a time lies; all that is said in it was said before.
    pub(super) fn end_of(self, time: Millis) -> Millis {
        (time.max(0) / self.length).saturating_add(1).saturating_mul(self.length)
    }

    /// When what was said before an end is old enough.
    pub(super) fn due(self, end: Millis) -> Millis {
        end.saturating_add(self.kept)
    }

    /// The last end before which everything is old enough now.
    pub(super) fn last_due(self, now: Millis) -> Option<Millis> {
        let old = now.checked_sub(self.kept).filter(|old| *old >= self.length)?;
        Some(old / self.length * self.length)
    }

    /// What tells it from those of another setting.
    pub(super) fn name(self) -> String {
        format!("{}ms", self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_for_its_time_and_little_longer() {
        for kept in [1, 60_000, 3_600_000, DAY, 30 * DAY, 3_650 * DAY] {
            let slots = Slots::keeping(Duration::from_millis(kept as u64));
            for said in [0, 1, 86_399_999, DAY, 1_700_000_000_123] {
                let end = slots.end_of(said);
                let longer = slots.due(end) - (said + kept);
                assert!(end > said && longer > 0 && longer <= (kept / 16).max(1) && longer <= DAY, "{kept} {said}");
                assert_eq!(slots.last_due(slots.due(end)), Some(end));
                assert!(slots.last_due(slots.due(end) - 1).is_none_or(|before| before < end));
            }
            assert_eq!(slots.last_due(0), None);
        }
    }
}
