//! Who belongs to a group, as what, and how that changes.

use serde::{Deserialize, Deserializer, Serialize};

use super::open::{LaterName, open_names};
use super::{Seq, UserId, stored};

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Adds and removes members.
    Admin,
    /// Reads and writes.
    Member,
    /// One of a later version; it allows what a member may do.
    Other(LaterName),
}

/// One member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    #[serde(deserialize_with = "stored")]
    pub id: UserId,
    /// What they may do.
    pub role: Role,
    /// The seq of the event by which they joined; 0 when that was before it was kept.
    #[serde(default)]
    pub since: Seq,
}

/// How an event changes who is a member.
#[derive(Debug, Clone, PartialEq)]
pub enum MembershipChange {
    /// These became members with a role.
    Joined(Vec<UserId>, Role),
    /// These are members no more.
    Left(Vec<UserId>),
    /// These members have another role.
    Role(Vec<UserId>, Role),
}

// === impl Role ===

open_names!(Role, "a role", Admin = "admin", Member = "member");

/// Reads the role that a request gives: none that this version does not know.
pub fn requested_role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    Role::known(&name).ok_or_else(|| serde::de::Error::unknown_variant(&name, &["admin", "member"]))
}

// === impl MembershipChange ===

impl MembershipChange {
    /// The users that it is about.
    pub fn users(&self) -> &[UserId] {
        match self {
            Self::Joined(users, _) | Self::Left(users) | Self::Role(users, _) => users,
        }
    }
}
