//! Words by which users are found.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{InvalidId, Profile, UserId, search_form};

/// Words of a user by which they are found at most: a name of 200 characters may have more.
const WORDS_MAX: usize = 20;
/// Characters of a word that count: more say nothing more.
const WORD_CHARS: usize = 40;

/// Where a user stands among the words of all: the cursor of a search. Less is what stands before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WordPlace {
    /// A word of the user's.
    pub word: String,
    /// The user.
    pub user: UserId,
}

/// The words of a text in the form for searches, each once: what lies between characters that are no letters or digits.
pub fn words(text: &str) -> BTreeSet<String> {
    let form = search_form(text);
    let words = form.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(WORD_CHARS).collect()).collect()
}

/// The words by which a user is found: those of the username and of the name.
pub fn words_of(profile: &Profile) -> BTreeSet<String> {
    let (username, name) = (words(&profile.username), words(&profile.name));
    username.into_iter().chain(name).take(WORDS_MAX).collect()
}

// === impl WordPlace ===

impl fmt::Display for WordPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.word, self.user)
    }
}

impl FromStr for WordPlace {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = || InvalidId { what: "a cursor", rule: "the `next` of the page before" };
        // No word holds a dot.
        let (word, user) = text.split_once('.').ok_or_else(wrong)?;
        let plain = word.chars().all(char::is_alphanumeric) && word.chars().count() <= WORD_CHARS;
        let user = UserId::parse(user).ok().filter(|_| plain && !word.is_empty()).ok_or_else(wrong)?;
        Ok(Self { word: word.to_owned(), user })
    }
}

impl Serialize for WordPlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WordPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(words: BTreeSet<String>) -> String {
        words.into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_what_people_write_without_case_and_marks() {
        for (text, expected) in [
            ("Anna B. Müller-Straße", "anna b muller strasse"),
            ("anna.b@x-1_2", "1 2 anna b x"),
            ("ΟΔΥΣΣΕΑΣ Ибрагим 田中", "οδυσσεασ ибрагим 田中"),
            ("🫖 ...", ""),
        ] {
            let expected: BTreeSet<String> =
                expected.split(' ').filter(|word| !word.is_empty()).map(search_form).collect();
            assert_eq!(words(text), expected, "{text}");
        }
        assert_eq!(joined(words(&"x".repeat(60))), "x".repeat(40));
        let profile = Profile { username: "anna.b".into(), name: (0..30).map(|n| format!("w{n} ")).collect() };
        assert_eq!(words_of(&profile).len(), 20);
        assert!(words_of(&profile).contains("anna"));
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let place = WordPlace { word: "muller".into(), user: UserId::parse("a.n|n@a").unwrap() };
        assert_eq!(place.to_string().parse(), Ok(place));
        for wrong in ["", ".", "anna", ".anna", "an na.anna", "anna.", &format!("{}.anna", "x".repeat(41))] {
            assert!(wrong.parse::<WordPlace>().is_err(), "{wrong:?}");
        }
    }
}
