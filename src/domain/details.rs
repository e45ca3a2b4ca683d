//! What users say of themselves beside their names, and the rules for it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{Data, Millis, Name, Patch, Refusal, asked_username, requested_data};

/// The longest `about`, in Unicode scalar values.
const ABOUT_MAX: usize = 500;
/// The longest telephone number, as people write it.
const PHONE_MAX: usize = 32;
/// The longest e-mail address that mail is delivered to (RFC 5321).
const EMAIL_MAX: usize = 254;
/// The longest text of a status, in Unicode scalar values.
const STATUS_TEXT_MAX: usize = 100;
/// Room for the longest emoji, or for the name of one.
const STATUS_EMOJI_MAX: usize = 64;
/// The longest part of a time zone's name between slashes, as IANA's rules for names have it.
const ZONE_PART_MAX: usize = 14;
/// Parts of a time zone's name: `America/Argentina/Salta` has three.
const ZONE_PARTS_MAX: usize = 3;
/// The greatest size of a client's settings as JSON, in bytes.
const SETTINGS_MAX: usize = 16 * 1024;
/// How deep lists and maps in settings lie in each other at most.
const SETTINGS_DEPTH: usize = 32;

/// What a user says of themselves beside name and username.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// An e-mail address.
    pub email: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// Who they are, over several lines.
    pub about: Option<String>,
    /// The time zone that they live by, by its IANA name.
    pub time_zone: Option<String>,
    /// What they are doing.
    pub status: Option<Status>,
    /// What their clients keep for themselves; the hub does not look at it.
    pub settings: Option<Data>,
}

/// What somebody is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// An emoji, or the name of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When it is over, in Unix milliseconds; absent where that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

/// What is done to [`Details`]; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DetailsPatch {
    /// The e-mail address.
    pub email: Patch<String>,
    /// The telephone number.
    pub phone: Patch<String>,
    /// Who they are.
    pub about: Patch<String>,
    /// The time zone.
    pub time_zone: Patch<String>,
    /// What they are doing.
    pub status: Patch<Status>,
    /// What their clients keep, as a whole.
    pub settings: Patch<Data>,
}

/// What users do to their own profiles, by the rules.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfilePatch {
    /// The name to search by.
    pub username: Option<Name>,
    /// The name to show.
    pub name: Option<Name>,
    /// The rest.
    pub details: DetailsPatch,
}

/// Reads the status that a request gives: a map, or `null`, which takes it away.
pub fn requested_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Status>, D::Error> {
    let Some(fields) = requested_data(deserializer)? else { return Ok(Patch::Clear) };
    serde_json::from_value(fields.into()).map(Patch::Set).map_err(serde::de::Error::custom)
}

/// Reads the settings that a request gives, as they are to come back: a map, or `null`, which takes them away.
pub fn requested_settings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Data>, D::Error> {
    Ok(requested_data(deserializer)?.map_or(Patch::Clear, Patch::Set))
}

// === impl Details ===

impl Details {
    /// Does to it what an edit says.
    pub fn apply(&mut self, edit: DetailsPatch) {
        edit.email.apply(&mut self.email);
        edit.phone.apply(&mut self.phone);
        edit.about.apply(&mut self.about);
        edit.time_zone.apply(&mut self.time_zone);
        edit.status.apply(&mut self.status);
        edit.settings.apply(&mut self.settings);
    }

    /// What of it may be seen at a moment: a status that is over is not.
    pub fn at(mut self, now: Millis) -> Self {
        self.status = self.status.filter(|status| status.until.is_none_or(|until| until > now));
        self
    }
}

// === impl DetailsPatch ===

impl DetailsPatch {
    /// Whether everything stays.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same by the rules.
    fn checked(self) -> Result<Self, Refusal> {
        Ok(Self {
            email: self.email.checked(asked_email)?,
            phone: self.phone.checked(asked_phone)?,
            about: self.about.checked(asked_about)?,
            time_zone: self.time_zone.checked(asked_time_zone)?,
            status: self.status.checked(asked_status)?,
            settings: self.settings.checked(asked_settings)?,
        })
    }
}

// === impl ProfilePatch ===

impl ProfilePatch {
    /// Checks what a request asks for.
    ///
    /// # Errors
    /// `bad_frame` where something has not the form that it needs, `too_large` where it is too long; each names the field.
    pub fn asked(username: Patch<String>, name: Patch<String>, details: DetailsPatch) -> Result<Self, Refusal> {
        let username = username.of_needed("username")?.map(|text| asked_username(&text)).transpose()?;
        let name = name.of_needed("name")?.map(|text| Name::asked("name", &text)).transpose()?;
        Ok(Self { username, name, details: details.checked()? })
    }

    /// Whether everything stays.
    pub fn is_empty(&self) -> bool {
        self.username.is_none() && self.name.is_none() && self.details.is_empty()
    }
}

/// An address by its form alone: whether mail arrives there is known to nobody before it is sent.
fn asked_email(text: String) -> Result<String, Refusal> {
    let text = within("email", text.trim(), EMAIL_MAX)?;
    let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let parts = text.rsplit_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
    match parts.filter(|(local, _)| plain && !local.contains('@')) {
        Some(_) => Ok(text),
        None => Err(Refusal::bad_frame("`email` must be an address such as `anna@example.org`")),
    }
}

fn asked_phone(text: String) -> Result<String, Refusal> {
    let text = within("phone", text.trim(), PHONE_MAX)?;
    let plain = text.chars().all(|c| c.is_ascii_digit() || " +-()./#*".contains(c));
    if plain && text.chars().any(|c| c.is_ascii_digit()) {
        return Ok(text);
    }
    Err(Refusal::bad_frame("`phone` must be a number of digits, spaces and `+-()./#*`"))
}

fn asked_about(text: String) -> Result<String, Refusal> {
    let text = within("about", text.trim(), ABOUT_MAX)?;
    match text.chars().find(|c| c.is_control() && *c != '\n') {
        None => Ok(text),
        Some(wrong) => {
            let wrong = u32::from(wrong);
            Err(Refusal::bad_frame(format!("`about` must have no control characters: take out U+{wrong:04X}")))
        }
    }
}

/// A time zone by the form of its name: which names there are changes several times a year, and clients have the list.
fn asked_time_zone(text: String) -> Result<String, Refusal> {
    let is_part = |part: &str| {
        let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte));
        part.len() <= ZONE_PART_MAX && part.starts_with(|c: char| c.is_ascii_alphabetic()) && plain
    };
    if text.split('/').count() <= ZONE_PARTS_MAX && text.split('/').all(is_part) {
        return Ok(text);
    }
    Err(Refusal::bad_frame("`time_zone` must be an IANA name such as `Europe/Lisbon`"))
}

fn asked_status(status: Status) -> Result<Status, Refusal> {
    let emoji = asked_line("status.emoji", status.emoji, STATUS_EMOJI_MAX)?;
    let text = asked_line("status.text", status.text, STATUS_TEXT_MAX)?;
    if emoji.is_none() && text.is_none() {
        return Err(Refusal::bad_frame("`status` needs an `emoji` or a `text`; `null` takes it away"));
    }
    Ok(Status { emoji, text, until: status.until })
}

fn asked_line(field: &str, text: Option<String>, most: usize) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    Ok(Some(Name::asked(field, &within(field, text.trim(), most)?)?.into()))
}

fn asked_settings(settings: Data) -> Result<Data, Refusal> {
    let size = serde_json::to_vec(&settings).map_or(usize::MAX, |json| json.len());
    if size > SETTINGS_MAX {
        return Err(Refusal::too_large(format!("`settings` have at most {SETTINGS_MAX} bytes as JSON")));
    }
    if settings.values().any(|value| is_deeper(value, SETTINGS_DEPTH)) {
        return Err(Refusal::bad_frame(format!("`settings` are nested at most {SETTINGS_DEPTH} deep")));
    }
    Ok(settings)
}

fn within(field: &str, text: &str, most: usize) -> Result<String, Refusal> {
    if text.chars().nth(most).is_some() {
        return Err(Refusal::too_large(format!("`{field}` has at most {most} characters")));
    }
    Ok(text.to_owned())
}

/// Whether lists and maps lie in each other more than so many times.
fn is_deeper(value: &Value, most: usize) -> bool {
    match value {
        Value::Array(items) => most == 0 || items.iter().any(|item| is_deeper(item, most - 1)),
        Value::Object(fields) => most == 0 || fields.values().any(|field| is_deeper(field, most - 1)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
