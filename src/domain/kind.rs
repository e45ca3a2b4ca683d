//! Kinds of events, by their names.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidId;

/// The longest name of a kind, in bytes.
const NAME_MAX: usize = 32;
/// Kinds of clients' own making begin so.
pub(super) const OWN_PREFIX: &str = "x.";

/// What sort of event it is.
///
/// A kind that this version does not know is kept by its name: an old node stores, numbers and passes on what a newer
/// one sends, by the [`Traits`](super::Traits) that stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Somebody said something.
    Text,
    /// `data.users` became members.
    Joined,
    /// `data.users` are members no more.
    Left,
    /// `data.users` have now the role `data.role`.
    Role,
    /// The event that it is about is pinned, or no more (`data.on`).
    Pinned,
    /// The event that it is about says something else.
    Edited,
    /// The event that it is about is deleted.
    Deleted,
    /// Somebody reacts to the event that it is about, or no more (`data.on`).
    Reaction,
    /// What its group's admins set is what `data` says.
    Updated,
    /// Nothing to show: only a seq.
    Void,
    /// Any other: of a client's own making (`x.…`), or of a newer version.
    Other(KindName),
}

/// The name of a kind that is no variant of [`Kind`]. Kept in place, so that it costs no allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KindName {
    length: u8,
    bytes: [u8; NAME_MAX],
}

// === impl Kind ===

impl Kind {
    /// The kinds that are variants.
    pub(super) const NAMED: [Kind; 10] = [
        Kind::Text,
        Kind::Joined,
        Kind::Left,
        Kind::Role,
        Kind::Pinned,
        Kind::Edited,
        Kind::Deleted,
        Kind::Reaction,
        Kind::Updated,
        Kind::Void,
    ];

    /// Reads a name: `a-z`, then `a-z 0-9 _` (32 at most); or `x.` and `a-z 0-9 . _ -` (30 at most).
    pub fn parse(name: &str) -> Result<Self, InvalidId> {
        match Self::NAMED.iter().find(|kind| kind.as_str() == name) {
            Some(kind) => Ok(*kind),
            None => KindName::parse(name).map(Kind::Other),
        }
    }

    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Kind::Text => "text",
            Kind::Joined => "joined",
            Kind::Left => "left",
            Kind::Role => "role",
            Kind::Pinned => "pinned",
            Kind::Edited => "edited",
            Kind::Deleted => "deleted",
            Kind::Reaction => "reaction",
            Kind::Updated => "updated",
            Kind::Void => "void",
            Kind::Other(name) => name.as_str(),
        }
    }

    /// Whether it changes who is a member, or as what.
    pub fn is_membership(&self) -> bool {
        matches!(self, Kind::Joined | Kind::Left | Kind::Role)
    }

    /// Whether it is of clients' own making.
    pub fn is_own(&self) -> bool {
        matches!(self, Kind::Other(name) if name.as_str().starts_with(OWN_PREFIX))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).map_err(serde::de::Error::custom)
    }
}

// === impl KindName ===

impl KindName {
    fn parse(name: &str) -> Result<Self, InvalidId> {
        let wrong = InvalidId { what: "a kind", rule: "a-z and then a-z 0-9 _ (32 at most), or x. and a-z 0-9 . _ -" };
        let form = match name.strip_prefix(OWN_PREFIX) {
            Some(own) => {
                !own.is_empty() && own.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
            }
            None => {
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            }
        };
        if !form || name.len() > NAME_MAX {
            return Err(wrong);
        }
        let mut bytes = [0; NAME_MAX];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Ok(Self { length: name.len() as u8, bytes })
    }

    fn as_str(&self) -> &str {
        // Only ASCII is let in.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in
            ["text", "reaction", "a", "a_9", "x.poll", "x.a-b.c_1", &"k".repeat(32), &format!("x.{}", "p".repeat(30))]
        {
            assert_eq!(Kind::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "x.",
            "x",
            "X",
            "9a",
            "_a",
            "a-b",
            "a.b",
            "ä",
            "x.Ä",
            "x.a b",
            &"k".repeat(33),
            &format!("x.{}", "p".repeat(31)),
        ] {
            let one_letter = bad == "x";
            assert_eq!(Kind::parse(bad).is_ok(), one_letter, "{bad:?}");
        }
    }
}
