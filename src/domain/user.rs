//! Users as they are stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::RESERVED;
use super::{GroupId, Millis, Name, Refusal, Seq, UserId, search_form, stored};

/// What people see of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// The name to search by; lower case.
    pub username: String,
    /// The name to show.
    pub name: String,
}

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Who.
    #[serde(deserialize_with = "stored")]
    pub id: UserId,
    /// What others see.
    pub profile: Profile,
    /// Whether an operator has shut this user out.
    pub banned: bool,
    /// The password's argon2id hash, for built-in accounts.
    pub password: Option<String>,
    /// A token of a login from before this time is good no more: the password has changed since, or the user has ended
    /// their sessions. 0 when neither ever happened.
    pub not_before: Millis,
    /// The user's groups, each with the membership event (its seq) that made it so.
    pub groups: BTreeMap<GroupId, Seq>,
    /// When the user was first seen.
    pub created: Millis,
    /// When the user was last seen online; 0 when never.
    pub last_seen: Millis,
}

/// Whether a username looks like one of the hub's own ids, whatever its case and whichever dot it has.
pub fn is_reserved_username(username: &str) -> bool {
    search_form(username).starts_with(RESERVED)
}

/// A username that a request gives: lower case, and none that looks like the hub's own.
///
/// # Errors
/// `bad_frame` with what is wrong.
pub fn asked_username(text: &str) -> Result<Name, Refusal> {
    let name = Name::asked("username", &text.to_lowercase())?;
    if is_reserved_username(name.as_str()) {
        return Err(Refusal::bad_frame("`username` must not begin with \"hub.\": such names are the hub's own"));
    }
    Ok(name)
}

// === impl Profile ===

impl Profile {
    /// Whether a field is empty here that `other` could fill.
    pub fn lacks(&self, other: &Profile) -> bool {
        let lacks = |own: &str, other: &str| own.is_empty() && !other.is_empty();
        lacks(&self.username, &other.username) || lacks(&self.name, &other.name)
    }
}

// === impl User ===

impl User {
    /// Whether the user was deleted: what is left is an id that nobody can use until it is unbanned,
    /// since tokens for it may be valid for a long time yet.
    pub fn is_deleted(&self) -> bool {
        self.banned && self.profile.username.is_empty()
    }

    /// Whether the user's own list of groups holds this one.
    pub fn is_in(&self, group: &GroupId) -> bool {
        self.groups.contains_key(group)
    }
}
