//! Bodies of calls about oneself: the fields of the frame `me`, and what an account is asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Data, Millis, Patch, ProfilePatch, Refusal, Status, requested_settings, requested_status};
use crate::protocol::MeView;
use crate::protocol::requests::MeFields;

/// The caller's own profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnProfile {
    /// The caller's id.
    id: String,
    /// The name to search by.
    username: String,
    /// The name to show.
    name: String,
    /// An e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// A telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// Who they are, over several lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// The time zone that they live by, by its IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    /// What they are doing, while it is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<StatusBody>)]
    status: Option<Status>,
    /// What their clients keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    settings: Option<Data>,
}

/// What somebody is doing: an emoji, a text, or both.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "a description of what is read and written as `Status`")]
pub struct StatusBody {
    /// An emoji, or the name of one.
    emoji: Option<String>,
    /// In words, 100 characters at most.
    text: Option<String>,
    /// When it is over, in Unix milliseconds.
    until: Option<Millis>,
}

/// What changes of the caller's profile: what is absent stays, `null` takes it away.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProfileChanges {
    /// The name to search by: 1 to 200 characters, not beginning with `hub.`; `conflict` when another account has it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    username: Patch<String>,
    /// The name to show: 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    /// An e-mail address, 254 characters at most.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Patch<String>,
    /// A telephone number, 32 characters at most.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone: Patch<String>,
    /// At most 500 characters, on several lines.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    about: Patch<String>,
    /// `unsupported` yet.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    image: Patch<String>,
    /// An IANA name.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Europe/Lisbon")]
    time_zone: Patch<String>,
    /// What the caller is doing.
    #[serde(default, deserialize_with = "requested_status")]
    #[schema(value_type = Option<StatusBody>)]
    status: Patch<Status>,
    /// A map of the client's own, replaced as a whole, up to 16 KB.
    #[serde(default, deserialize_with = "requested_settings")]
    #[schema(value_type = Option<Object>)]
    settings: Patch<Data>,
}

/// The password that an account has, and the one that it is to have.
#[derive(Deserialize, ToSchema)]
pub struct NewPassword {
    /// The password of now.
    #[schema(format = Password)]
    pub(super) old: String,
    /// The new one, 8 to 256 bytes.
    #[schema(format = Password)]
    pub(super) new: String,
}

/// The password of the caller's account.
#[derive(Deserialize, ToSchema)]
pub struct Confirmation {
    /// The password.
    #[schema(format = Password)]
    pub(super) password: String,
}

// === impl ProfileChanges ===

impl ProfileChanges {
    /// What changes, as by the frame.
    pub(super) fn edit(self) -> Result<ProfilePatch, Refusal> {
        let Self { username, name, email, phone, about, image, time_zone, status, settings } = self;
        MeFields { username, name, email, phone, about, image, time_zone, status, settings }.edit()
    }
}

impl From<MeView> for OwnProfile {
    fn from(me: MeView) -> Self {
        let MeView { id, username, name, email, phone, about, time_zone, status, settings } = me;
        Self { id: id.to_string(), username, name, email, phone, about, time_zone, status, settings }
    }
}
