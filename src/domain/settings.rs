//! What admins set of a group, and how that changes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::open::{LaterName, open_names};
use super::{Access, Refusal, Seq};

/// The longest `about`, in Unicode scalar values.
const ABOUT_MAX: usize = 500;

/// Who may pin in a group. In a direct chat either of the two may, whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pinning {
    /// Its admins.
    #[default]
    Admins,
    /// Every member.
    Members,
    /// One of a later version; it allows admins alone.
    Other(LaterName),
}

/// The hash of a group's password, which is told to nobody: not even in a `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// What admins set of a group beside its name and access.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GroupSettings {
    /// What the group is about; empty for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Who may pin.
    #[serde(default)]
    pub pinning: Pinning,
    /// Whether nothing is said in it any more.
    #[serde(default)]
    pub archived: bool,
    /// By which event each field was set, by the field's name; those that never changed are missing.
    #[serde(default)]
    pub set: BTreeMap<String, Seq>,
    /// What who joins by a password must know, where it has one.
    #[serde(skip)]
    pub password: Option<PasswordHash>,
}

/// What an event of kind `updated` changed of its group: the fields that are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupUpdate {
    /// Its name.
    pub name: Option<String>,
    /// What it is about.
    pub about: Option<String>,
    /// Who may become a member.
    pub access: Option<Access>,
    /// Who may pin.
    pub pinning: Option<Pinning>,
    /// Whether nothing is said in it any more.
    pub archived: Option<bool>,
}

/// What an update changes of that which decides who may do what: the backplane keeps it as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RulesChange {
    /// Who may become a member.
    pub access: Option<Access>,
    /// Who may pin.
    pub pinning: Option<Pinning>,
    /// Whether nothing is said any more.
    pub archived: Option<bool>,
}

// === impl Pinning ===

open_names!(Pinning, "who may pin", Admins = "admins", Members = "members");

/// Reads the pinning that a request asks for: none that this version does not know.
pub fn requested_pinning<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Pinning>, D::Error> {
    let Some(name) = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)? else { return Ok(None) };
    let known = Pinning::known(&name).map(Some);
    known.ok_or_else(|| serde::de::Error::unknown_variant(&name, &["admins", "members"]))
}

/// What a request says a group is about: over several lines, without other control characters.
///
/// # Errors
/// `bad_frame` with a control character in it, `too_large` when it is too long.
pub fn asked_about(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if let Some(wrong) = text.chars().find(|c| c.is_control() && *c != '\n') {
        let wrong = u32::from(wrong);
        return Err(Refusal::bad_frame(format!("`about` must have no control characters: take out U+{wrong:04X}")));
    }
    if text.chars().nth(ABOUT_MAX).is_some() {
        return Err(Refusal::too_large(format!("`about` has at most {ABOUT_MAX} characters")));
    }
    Ok(text.to_owned())
}

// === impl PasswordHash ===

impl PasswordHash {
    /// A hash as it is stored.
    pub fn stored(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// The hash as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

// === impl GroupSettings ===

impl GroupSettings {
    /// The seq of the newest event by which any of what the backplane keeps as well was set.
    pub fn rules_version(&self) -> Seq {
        ["access", "pinning", "archived"].iter().filter_map(|field| self.set.get(*field)).max().copied().unwrap_or(0)
    }

    /// Whether an event is newer than what a field was set by; it is what set the field then.
    pub(super) fn raise(&mut self, field: &str, seq: Seq) -> bool {
        let newer = self.set.get(field).is_none_or(|by| seq > *by);
        if newer {
            self.set.insert(field.to_owned(), seq);
        }
        newer
    }
}

// === impl GroupUpdate ===

impl GroupUpdate {
    /// What the `data` of an event says. What cannot be read, or is of a later version, changes nothing here.
    pub fn of(data: &Map<String, Value>) -> Self {
        let text = |field: &str| data.get(field).and_then(Value::as_str);
        Self {
            name: text("name").map(str::to_owned),
            about: text("about").map(str::to_owned),
            access: text("access").and_then(|name| Access::parse(name).ok()),
            pinning: text("pinning").and_then(|name| Pinning::parse(name).ok()),
            archived: data.get("archived").and_then(Value::as_bool),
        }
    }

    /// As the `data` of an event: each field that is there.
    pub fn to_data(&self) -> Map<String, Value> {
        let fields: [(&str, Option<Value>); 5] = [
            ("name", self.name.as_deref().map(Value::from)),
            ("about", self.about.as_deref().map(Value::from)),
            ("access", self.access.map(|access| access.as_str().into())),
            ("pinning", self.pinning.map(|pinning| pinning.as_str().into())),
            ("archived", self.archived.map(Value::from)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of it the backplane keeps as well.
    pub fn rules(&self) -> RulesChange {
        RulesChange { access: self.access, pinning: self.pinning, archived: self.archived }
    }
}

// === impl RulesChange ===

impl RulesChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;

    #[test]
    fn what_a_group_is_about_has_lines_and_no_control_characters() {
        assert_eq!(asked_about(" one\ntwo ").unwrap(), "one\ntwo");
        assert_eq!(asked_about("").unwrap(), "");
        assert!(asked_about(&"ä".repeat(ABOUT_MAX)).is_ok());
        assert_eq!(asked_about(&"ä".repeat(ABOUT_MAX + 1)).unwrap_err().code, Code::TooLarge);
        for wrong in ["a\tb", "a\rb", "a\u{7}b", "a\u{85}b"] {
            assert_eq!(asked_about(wrong).unwrap_err().code, Code::BadFrame, "{wrong:?}");
        }
    }

    #[test]
    fn a_hash_slips_into_no_log() {
        let settings =
            GroupSettings { password: Some(PasswordHash::stored("$argon2id$x")), ..GroupSettings::default() };
        assert!(!format!("{settings:?}").contains("argon2"));
        assert!(!serde_json::to_string(&settings).unwrap().contains("argon2"));
    }
}
