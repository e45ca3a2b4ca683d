//! Durations and sizes as people write them: a whole number and a unit.

use std::time::Duration;

/// Units of a kind, the greatest first, each with what it measures in the smallest.
pub type Units = [(&'static str, u64)];

/// Units of sizes, in bytes.
pub const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Units of durations, in milliseconds.
pub const SPANS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Bounds of what [`parse_duration`] reads.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

/// A text that is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a duration from 1s to 3650d, such as 250ms, 5s, 15m or 12h")]
pub struct NoDuration;

/// Writes a number in the greatest unit in which it is whole.
pub fn with_unit(number: u64, units: &Units) -> String {
    let fits = |(_, size): &&(&str, u64)| number >= *size && number.is_multiple_of(*size);
    match units.iter().find(fits).or(units.last()) {
        Some((name, size)) => format!("{}{name}", number / size),
        None => number.to_string(),
    }
}

/// Reads a number with its unit, in the smallest one; `None` for anything else.
pub fn in_unit(text: &str, units: &Units) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, size) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?;
    number.parse::<u64>().ok()?.checked_mul(*size)
}

/// Reads a duration such as `15m`, for arguments that are no settings.
pub fn parse_duration(text: &str) -> Result<Duration, NoDuration> {
    let span = in_unit(text, &SPANS).map(Duration::from_millis);
    span.filter(|span| (SHORTEST..=LONGEST).contains(span)).ok_or(NoDuration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_durations_have_bounds() {
        assert_eq!(parse_duration("15m"), Ok(Duration::from_secs(900)));
        for wrong in ["", "15", "999ms", "3651d", "m", "1 w"] {
            assert_eq!(parse_duration(wrong), Err(NoDuration), "{wrong}");
        }
        let bounds = [SHORTEST, LONGEST].map(|bound| with_unit(bound.as_millis() as u64, &SPANS));
        assert!(NoDuration.to_string().contains(&format!("from {} to {}", bounds[0], bounds[1])));
    }
}
