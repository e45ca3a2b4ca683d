//! Emoji: what people react with.

use std::fmt;

use icu_properties::CodePointSetData;
use icu_properties::props::{EmojiModifier, ExtendedPictographic, RegionalIndicator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidId;

/// The longest emoji, in bytes: the longest that people can choose has some 40.
const BYTES_MAX: usize = 64;
/// The longest name between colons.
const NAME_MAX: usize = 60;

const JOINER: char = '\u{200D}';
/// What follows asks for a picture in place of a plain character.
const AS_PICTURE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
/// Letters that say which flag it is, behind a black one, and what ends them.
const TAGS: std::ops::RangeInclusive<char> = '\u{E0020}'..='\u{E007E}';
const END_OF_TAGS: char = '\u{E007F}';

/// One emoji: a picture or several joined to one, a flag, a keycap; or a name of the client's own between colons, `:party_parrot:`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Emoji(Box<str>);

// === impl Emoji ===

impl Emoji {
    /// Reads what a client sent, by Unicode's rule for sequences (UTS #51); or `:`, 1 to 60 of `a-z 0-9 _ + -`, `:`.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.len() <= BYTES_MAX && (is_named(text) || is_keycap(text) || is_flag(text) || is_picture(text)) {
            return Ok(Self(text.into()));
        }
        Err(InvalidId { what: "an emoji", rule: "one emoji, or a name of a-z 0-9 _ + - between colons (60 at most)" })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

impl Serialize for Emoji {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Emoji {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn is_named(text: &str) -> bool {
    let name = text.strip_prefix(':').and_then(|text| text.strip_suffix(':'));
    name.is_some_and(|name| {
        (1..=NAME_MAX).contains(&name.len())
            && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'+' | b'-'))
    })
}

fn is_keycap(text: &str) -> bool {
    let key = text.strip_suffix(KEYCAP).map(|key| key.strip_suffix(AS_PICTURE).unwrap_or(key));
    key.is_some_and(|key| matches!(key.as_bytes(), [b'0'..=b'9' | b'#' | b'*']))
}

fn is_flag(text: &str) -> bool {
    let letters = CodePointSetData::new::<RegionalIndicator>();
    text.chars().count() == 2 && text.chars().all(|c| letters.contains(c))
}

fn is_picture(text: &str) -> bool {
    text.split(JOINER).all(is_one_picture)
}

/// A picture: with what makes it one or the colour of its skin, and with tags.
fn is_one_picture(text: &str) -> bool {
    let (pictures, modifiers) =
        (CodePointSetData::new::<ExtendedPictographic>(), CodePointSetData::new::<EmojiModifier>());
    let mut rest = text.chars();
    if !rest.next().is_some_and(|c| pictures.contains(c)) {
        return false;
    }
    let rest = rest.as_str();
    let rest = rest.strip_prefix(|c| c == AS_PICTURE || modifiers.contains(c)).unwrap_or(rest);
    let tags = rest.strip_suffix(END_OF_TAGS);
    rest.is_empty() || tags.is_some_and(|tags| !tags.is_empty() && tags.chars().all(|c| TAGS.contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_react_with_is_an_emoji() {
        for good in [
            "👍",
            "👍🏽",
            "❤",
            "❤️",
            "😀",
            "👨‍👩‍👧‍👦",
            "👩🏻‍❤️‍💋‍👨🏿",
            "🏳️‍🌈",
            "🏴‍☠️",
            "🇵🇹",
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            "1️⃣",
            "#⃣",
            "*️⃣",
            "©",
            "⏰",
            "🧑‍💻",
            "🫠",
            ":+1:",
            ":party_parrot:",
            ":a-9:",
        ] {
            assert_eq!(Emoji::parse(good).map(|emoji| emoji.to_string()), Ok(good.to_owned()));
        }
        assert!(Emoji::parse(&format!(":{}:", "a".repeat(60))).is_ok());
    }

    #[test]
    fn what_is_none_or_more_than_one_is_refused() {
        for bad in [
            "",
            " ",
            "a",
            "1",
            "ok",
            "👍👍",
            "👍 ",
            " 👍",
            "👍a",
            "🇵",
            "🇵🇹🇵🇹",
            "👨‍",
            "‍👨",
            "👨‍‍👩",
            "👍🏽🏽",
            "❤️️",
            "🏽",
            "\u{FE0F}",
            "\u{20E3}",
            "a⃣",
            "12⃣",
            ":",
            "::",
            ":A:",
            ":a",
            "a:",
            ":a b:",
            ":é:",
            "👍\u{0}",
            "❤\u{FE0E}",
            "🏴\u{E0067}",
            "🏴\u{E007F}",
            "$set",
            ".",
            "é",
            "漢",
        ] {
            assert!(Emoji::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Emoji::parse(&format!(":{}:", "a".repeat(61))).is_err());
        assert!(Emoji::parse(&vec!["👨"; 40].join("\u{200D}")).is_err(), "too long");
    }
}
