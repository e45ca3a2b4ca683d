//! Names that people see: one rule for groups' and users' names and usernames, and the forms by which they are compared.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::{Code, Refusal};

/// The longest name, in Unicode scalar values.
const NAME_MAX: usize = 200;

/// Characters that show nothing, though Unicode counts them neither as white space nor as ignorable: the empty Braille
/// pattern and the empty note head.
const BLANKS: [char; 2] = ['\u{2800}', '\u{1D159}'];

/// A name that keeps to the rule: in normal form C, without white space around it, of 1 to [`NAME_MAX`] characters, on one
/// line, seen by whoever looks, and leaving the direction of the text around it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is no name, in words that go on after the field's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// It is empty or too long.
    #[error("must have 1 to {NAME_MAX} characters")]
    Length,
    /// A control character, or one that begins another line.
    #[error("must be one line without control characters: take out U+{:04X}", u32::from(*.0))]
    Control(char),
    /// A character that turns the direction of whatever text stands around the name.
    #[error("must not turn the direction of the text around it: take out U+{:04X}", u32::from(*.0))]
    Direction(char),
    /// Nothing but blanks, characters that are never drawn, and marks without a letter.
    #[error("must have something in it that can be seen")]
    Invisible,
}

// === impl Name ===

impl Name {
    /// Reads a name; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let name = nfc(text.trim());
        if let Some(wrong) = name.chars().find_map(forbidden) {
            return Err(wrong);
        }
        match name.chars().take(NAME_MAX + 1).count() {
            0 => Err(InvalidName::Length),
            long if long > NAME_MAX => Err(InvalidName::Length),
            _ if name.chars().any(is_seen) => Ok(Self(name)),
            _ => Err(InvalidName::Invisible),
        }
    }

    /// Reads a name that a request gives in `field`.
    ///
    /// # Errors
    /// `bad_frame`, with the same sentence wherever it is asked for.
    pub fn asked(field: &str, text: &str) -> Result<Self, Refusal> {
        Self::parse(text).map_err(|why| why.of(field))
    }

    /// Makes a text a name, where whoever wrote it can't be asked for another: what the rule forbids is taken out, what is
    /// too long is cut. None where nothing is left to see.
    pub fn fit(text: &str) -> Option<Self> {
        let kept: String = text.chars().filter(|c| forbidden(*c).is_none()).collect();
        let cut: String = nfc(kept.trim()).chars().take(NAME_MAX).collect();
        Self::parse(&cut).ok()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

// === impl InvalidName ===

impl InvalidName {
    /// What whoever gave it in `field` is told.
    pub fn of(self, field: &str) -> Refusal {
        Refusal::bad_frame(format!("`{field}` {self}"))
    }
}

/// What an account is refused whose username is another one's already.
pub fn username_taken() -> Refusal {
    Refusal::new(Code::Conflict, "this username is taken")
}

/// The form by which names are equal: Unicode's canonical caseless matching, in normal form C.
pub fn name_key(text: &str) -> String {
    nfc(&folded(&nfd(text)))
}

/// The form by which names are found: compatible characters made one, case folded, combining marks and what is never drawn
/// left out. Names that are equal have the same one, and that of a name's beginning begins that of the name. Where nothing
/// would be left, the marks stay.
pub fn search_form(text: &str) -> String {
    // Folding brings forth characters that are compatible with others, and the other way round: hence twice.
    let whole = nfkd(&folded(&nfkd(&folded(&nfd(text)))));
    let bare: String = whole.chars().filter(|c| !is_mark(*c) && !is_ignorable(*c)).collect();
    if bare.is_empty() { whole } else { bare }
}

fn forbidden(c: char) -> Option<InvalidName> {
    match c {
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => Some(InvalidName::Direction(c)),
        '\u{2028}' | '\u{2029}' => Some(InvalidName::Control(c)),
        c if c.is_control() => Some(InvalidName::Control(c)),
        _ => None,
    }
}

/// Whether a character shows something by itself. One that a later Unicode adds counts as one that does.
fn is_seen(c: char) -> bool {
    let unseen = GeneralCategoryGroup::Separator.union(GeneralCategoryGroup::Mark);
    let unseen = unseen.union(GeneralCategoryGroup::Control).union(GeneralCategoryGroup::Format);
    !is_ignorable(c) && !BLANKS.contains(&c) && !unseen.contains(category(c))
}

fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(c))
}

fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn folded(text: &str) -> String {
    CaseMapper::new().fold_string(text).into_owned()
}

fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

fn nfd(text: &str) -> String {
    DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned()
}

fn nfkd(text: &str) -> String {
    DecomposingNormalizerBorrowed::new_nfkd().normalize(text).into_owned()
}

#[cfg(test)]
mod tests;
