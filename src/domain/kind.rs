//! Kinds of events: their names, and the one table that says what each is.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidId;

/// The longest name of a kind, in bytes.
const NAME_MAX: usize = 32;
/// Kinds of clients' own making begin so.
const OWN_PREFIX: &str = "x.";

/// What sort of event it is.
///
/// A kind that this version does not know is kept by its name: an old node stores, numbers and passes on what a newer
/// one sends, by the [`Traits`] that stand beside it.
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

/// Who may cause events of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The members of the group, with a `send`.
    Members,
    /// The admins of the group, with a `send`; in a direct chat either of the two.
    Admins,
    /// The hub alone.
    Hub,
}

/// Whether something may stand in a send of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It must be there (and may be empty).
    Required,
    /// It may be there.
    Optional,
    /// It is refused.
    Refused,
}

/// What an event of a kind may be about, with its `ref`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Any event: whoever sends it says so, and nobody looks.
    Anything,
    /// An event of the same group that stands below and is of a kind that people say something with: `text`, `x.<name>`.
    Said,
}

/// What counts as unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Every event of the kind.
    Always,
    /// Those whose `data.notify` is true.
    OnRequest,
    /// None.
    Never,
}

/// One row of the table of kinds: all that a door needs to know of one.
#[derive(Debug, Clone, Copy)]
pub struct KindRow {
    /// Its name on the wire; `x.<name>` stands for all kinds of clients' own making.
    pub name: &'static str,
    /// Who causes such events.
    pub author: Author,
    /// Whether they count.
    pub unread: Unread,
    /// Whether they are shown.
    pub shown: bool,
    /// The version of their effect; 0 for none.
    pub fx: u16,
    /// `text` in a send.
    pub text: Part,
    /// `ref` in a send.
    pub reference: Part,
    /// What `ref` may name.
    pub about: About,
    /// `data` in a send.
    pub data: Part,
    /// Fields of `data` that must be there, true or false.
    pub flags: &'static [&'static str],
    /// What such an event says, for the docs.
    pub meaning: &'static str,
}

/// All kinds that this version knows. To add one is to add a row (and its effect, where it has one): the doors' checks,
/// asyncapi.json and the table in docs/protocol.md are made from it.
pub const KINDS: [KindRow; 7] = [
    KindRow {
        name: "text",
        author: Author::Members,
        unread: Unread::Always,
        shown: true,
        fx: 0,
        text: Part::Required,
        reference: Part::Optional,
        about: About::Anything,
        data: Part::Optional,
        flags: &[],
        meaning: "somebody said something",
    },
    KindRow {
        name: "x.<name>",
        author: Author::Members,
        unread: Unread::OnRequest,
        shown: true,
        fx: 0,
        text: Part::Optional,
        reference: Part::Optional,
        about: About::Anything,
        data: Part::Optional,
        flags: &[],
        meaning: "what clients agree on among themselves",
    },
    KindRow {
        name: "pinned",
        author: Author::Admins,
        unread: Unread::Never,
        shown: false,
        fx: 1,
        text: Part::Refused,
        reference: Part::Required,
        about: About::Said,
        data: Part::Required,
        flags: &["on"],
        meaning: "the event that `ref` names, a `text` or `x.<name>`, is pinned, or no more (`data.on`)",
    },
    by_the_hub("joined", true, "`data.users` became members"),
    by_the_hub("left", true, "`data.users` are members no more"),
    by_the_hub("role", true, "`data.users` have now the role `data.role`"),
    by_the_hub("void", false, "nothing to show: only a seq"),
];

const fn by_the_hub(name: &'static str, shown: bool, meaning: &'static str) -> KindRow {
    KindRow {
        name,
        author: Author::Hub,
        unread: Unread::Never,
        shown,
        fx: 0,
        text: Part::Refused,
        reference: Part::Refused,
        about: About::Anything,
        data: Part::Refused,
        flags: &[],
        meaning,
    }
}

// === impl Kind ===

impl Kind {
    /// The kinds that are variants.
    const NAMED: [Kind; 6] = [Kind::Text, Kind::Joined, Kind::Left, Kind::Role, Kind::Pinned, Kind::Void];

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
            Kind::Void => "void",
            Kind::Other(name) => name.as_str(),
        }
    }

    /// Whether it changes who is a member, or as what.
    pub fn is_membership(&self) -> bool {
        matches!(self, Kind::Joined | Kind::Left | Kind::Role)
    }

    /// Its row in [`KINDS`]; `None` for one that this version does not know.
    pub fn row(&self) -> Option<&'static KindRow> {
        KINDS.iter().find(|row| row.is_of(self))
    }

    /// Whether this version knows the effect that an event of this kind was given where it entered.
    pub fn has_known_effect(&self, traits: Traits) -> bool {
        traits.fx == 0 || self.row().is_some_and(|row| traits.fx <= row.fx)
    }

    /// Whether it is of clients' own making.
    pub fn is_own(&self) -> bool {
        matches!(self, Kind::Other(name) if name.as_str().starts_with(OWN_PREFIX))
    }

    /// The traits of the hub's own events of this kind.
    pub fn traits(&self) -> Traits {
        self.row().map(|row| row.traits(false)).unwrap_or_default()
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

// === impl About ===

impl About {
    /// Whether an event of this kind may be named.
    pub fn fits(self, kind: Kind) -> bool {
        match self {
            About::Anything => true,
            About::Said => kind == Kind::Text || kind.is_own(),
        }
    }
}

// === impl KindRow ===

impl KindRow {
    /// The traits of an event of this kind; `notify` is what its `data.notify` says.
    pub fn traits(&self, notify: bool) -> Traits {
        let counts = match self.unread {
            Unread::Always => true,
            Unread::OnRequest => notify,
            Unread::Never => false,
        };
        Traits { counts, shown: self.shown, fx: self.fx }
    }

    fn is_of(&self, kind: &Kind) -> bool {
        let name = kind.as_str();
        self.name == name || self.name.starts_with(OWN_PREFIX) && name.starts_with(OWN_PREFIX)
    }
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

    #[test]
    fn every_variant_has_a_row_and_every_row_a_kind() {
        for kind in Kind::NAMED {
            assert_eq!(Kind::parse(kind.as_str()), Ok(kind));
            assert_eq!(kind.row().map(|row| row.name), Some(kind.as_str()));
        }
        for row in &KINDS {
            let kind = Kind::parse(&row.name.replace("<name>", "poll")).unwrap();
            assert_eq!(kind.row().map(|found| found.name), Some(row.name));
        }
        assert!(Kind::parse("reaction").unwrap().row().is_none());
    }

    #[test]
    fn effects_of_later_versions_are_not_known() {
        let fx = |fx| Traits { fx, ..Traits::default() };
        assert!(Kind::Pinned.has_known_effect(fx(1)) && !Kind::Pinned.has_known_effect(fx(2)));
        let later = Kind::parse("starred").unwrap();
        assert!(later.has_known_effect(fx(0)) && !later.has_known_effect(fx(1)));
    }

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
