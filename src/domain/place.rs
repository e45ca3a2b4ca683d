//! Where a group stands in a list by activity.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{GroupId, InvalidId, Millis};

/// A group's place in a list, newest activity first; groups that are equally new stand in the order of their ids.
///
/// As text it is the cursor of such lists. It holds what it needs to stand for itself, so a list goes on behind it
/// whatever has become of the group since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// When its newest event came; 0 where it has none.
    pub time: Millis,
    /// The group.
    pub group: GroupId,
}

// === impl Place ===

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    /// Less is what stands before.
    fn cmp(&self, other: &Self) -> Ordering {
        other.time.cmp(&self.time).then_with(|| self.group.cmp(&other.group))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.time, self.group)
    }
}

impl FromStr for Place {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = || InvalidId { what: "a cursor", rule: "the `next` of the page before" };
        let (time, group) = text.split_once('.').ok_or_else(wrong)?;
        let digits = time.bytes().all(|byte| byte.is_ascii_digit());
        let time = time.parse().ok().filter(|_| digits).ok_or_else(wrong)?;
        Ok(Self { time, group: GroupId::parse(group).map_err(|_| wrong())? })
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let place = Place { time: 1_732_752_000_000, group: GroupId::random() };
        assert_eq!(place.to_string().parse(), Ok(place.clone()));
        let id = place.group.as_str();
        for wrong in
            ["", ".", id, &format!(".{id}"), &format!("-1.{id}"), &format!("+1.{id}"), "1.", "1.A", &format!("1.{id}.")]
        {
            assert!(wrong.parse::<Place>().is_err(), "{wrong:?}");
        }
        assert!(format!("99999999999999999999.{id}").parse::<Place>().is_err());
    }

    #[test]
    fn newer_stands_before_older_and_ids_decide_between_equals() {
        let mut ids = [GroupId::random(), GroupId::random()];
        ids.sort();
        let place = |time, at: usize| Place { time, group: ids[at].clone() };
        let mut places = [place(1, 0), place(2, 1), place(2, 0)];
        places.sort();
        assert_eq!(places, [place(2, 0), place(2, 1), place(1, 0)]);
    }
}
