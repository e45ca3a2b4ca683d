//! Groups as documents.

use std::collections::BTreeMap;

use mongodb::bson::Document;
use serde::{Deserialize, Serialize};

use super::documents::VERSION;
use crate::domain::{Access, Base, Group, GroupId, GroupKind, GroupSettings, Member, Millis, PasswordHash, Pinning};

/// A group.
#[derive(Serialize, Deserialize)]
pub(super) struct GroupDocument {
    #[serde(rename = "_id")]
    id: GroupId,
    kind: GroupKind,
    name: String,
    access: Access,
    pub(super) members: Vec<Member>,
    version: u64,
    created: Millis,
    first: u64,
    #[serde(default)]
    pub(super) base: u64,
    #[serde(default)]
    pub(super) base_n: u64,
    /// Absent in a group that is there; 1 once it is marked as deleted, 2 once `base` is where a life to come begins,
    /// 3 once all else is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gone: Option<i32>,
    /// This and what follows: what admins set; absent where it is as it was at first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    about: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pinning: Pinning,
    #[serde(default, skip_serializing_if = "is_default")]
    archived: bool,
    /// The seq of the event by which each field was set, by the field's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    set: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    v: i32,
}

/// Fields of a group's document that are absent unless an admin set them.
pub(super) const SETTINGS: [&str; 5] = ["about", "pinning", "archived", "set", "password"];

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The members of a group as they stand in its document, with what later versions put there.
#[derive(Deserialize)]
pub(super) struct MemberRecords {
    pub(super) members: Vec<Document>,
}

// === conversions ===

impl From<&Group> for GroupDocument {
    fn from(group: &Group) -> Self {
        Self {
            id: group.id.clone(),
            kind: group.kind,
            name: group.name.clone(),
            access: group.access,
            members: group.members.clone(),
            version: group.version,
            created: group.created,
            first: group.first,
            base: group.base.seq,
            base_n: group.base.n,
            gone: None,
            about: group.settings.about.clone(),
            pinning: group.settings.pinning,
            archived: group.settings.archived,
            set: group.settings.set.clone(),
            password: group.settings.password.as_ref().map(|hash| hash.as_str().to_owned()),
            v: VERSION,
        }
    }
}

impl From<GroupDocument> for Group {
    fn from(document: GroupDocument) -> Self {
        Self {
            id: document.id,
            kind: document.kind,
            name: document.name,
            access: document.access,
            members: document.members,
            version: document.version,
            created: document.created,
            first: document.first,
            base: Base { seq: document.base, n: document.base_n },
            settings: GroupSettings {
                about: document.about,
                pinning: document.pinning,
                archived: document.archived,
                set: document.set,
                password: document.password.map(PasswordHash::stored),
            },
        }
    }
}
