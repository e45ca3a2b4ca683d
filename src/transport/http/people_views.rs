//! Bodies of calls about people, as others are shown them.

use serde::Serialize;
use utoipa::ToSchema;

use super::me_views::StatusBody;
use super::views::UserView;
use crate::domain::{Millis, Status};
use crate::protocol::ProfileView;

/// A user, as the caller is shown them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownUser {
    /// The user's id.
    id: String,
    /// The name to search by.
    username: String,
    /// The name to show.
    name: String,
    /// An e-mail address; to the user themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// A telephone number; to the user themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// Who they are, over several lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// What they are doing, while it is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<StatusBody>)]
    status: Option<Status>,
    /// Whether any of their devices is connected; to who shares a group with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<bool>,
    /// When they were last seen, in Unix milliseconds, 0 when never; to who shares a group with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<Millis>,
}

// === impl ShownUser ===

impl From<ProfileView> for ShownUser {
    fn from(user: ProfileView) -> Self {
        let ProfileView { id, username, name, email, phone, about, status, online, last_seen } = user;
        Self { id: id.to_string(), username, name, email, phone, about, status, online, last_seen }
    }
}

impl From<ProfileView> for UserView {
    /// What of it a list of users shows.
    fn from(user: ProfileView) -> Self {
        let ProfileView { id, username, name, online, last_seen, .. } = user;
        Self { id: id.to_string(), username, name, online, last_seen }
    }
}
