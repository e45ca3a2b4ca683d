//! What users say of themselves.

use serde::Serialize;

use crate::domain::{Data, Millis, Status, UserId, WordPlace};
use crate::protocol::RequestId;
use crate::protocol::form::frame;

frame! {
    /// The user's own profile: asked for, or changed in another session.
    #[frame("me")]
    #[derive(Debug, Serialize)]
    pub struct Me<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// `{id, username, name, email?, phone?, about?, time_zone?, status?, settings?}`.
        pub me: &'a MeView,
    }
}

/// A user as they see themselves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeView {
    /// The user's id.
    pub id: UserId,
    /// The name to search by.
    pub username: String,
    /// The name to show.
    pub name: String,
    /// An e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The time zone that they live by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What they are doing, while it is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What their clients keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Data>,
}

frame! {
    /// Somebody's profile.
    #[frame("user")]
    #[derive(Debug, Serialize)]
    pub struct User<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// `{id, username, name, about?, status?, online?, last_seen?}`; to the user themselves also `email` and `phone`.
        pub user: &'a ProfileView,
    }
}

frame! {
    /// A page of users who were found.
    #[frame("users")]
    #[derive(Debug, Serialize)]
    pub struct Users<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// 20 at most, each `{id, username, name, online?, last_seen?}`.
        pub users: &'a [ProfileView],
        /// Where there may be more, also behind a page that is not full: the `cursor` of the next one.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next: Option<&'a WordPlace>,
    }
}

/// A user as another is shown them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProfileView {
    /// The user's id.
    pub id: UserId,
    /// The name to search by.
    pub username: String,
    /// The name to show.
    pub name: String,
    /// An e-mail address; to the user themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A telephone number; to the user themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What they are doing, while it is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Whether any of their devices is connected; to who shares a group with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// When they were last seen, in Unix milliseconds, 0 when never; to who shares a group with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Millis>,
}
