//! `change`: what admins set of a group.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{
    Access, Code, GroupId, GroupUpdate, Name, Pinning, Refusal, asked_about, requested_access, requested_pinning,
};
use crate::protocol::form::frame;

frame! {
    /// Changes a group; by an admin. What is absent stays.
    #[frame("change" => "ok")]
    #[derive(Debug, Deserialize)]
    pub struct ChangeFields {
        /// The group.
        pub group: GroupId,
        /// 1 to 200 characters.
        pub name: Option<String>,
        /// What it is about: at most 500 characters, on several lines; empty for nothing.
        pub about: Option<String>,
        /// `unsupported` yet.
        pub image: Option<String>,
        /// `members`, `open` or `password`.
        #[serde(default, deserialize_with = "requested_access")]
        pub access: Option<Access>,
        /// What who joins must know, 8 to 256 bytes; `access` is `password` by it.
        pub password: Option<String>,
        /// `admins` or `members`: who may pin.
        #[serde(default, deserialize_with = "requested_pinning")]
        pub pinning: Option<Pinning>,
        /// Whether nothing is said in it any more.
        pub archived: Option<bool>,
    }
}

/// A `change`, checked for form.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The group.
    pub group: GroupId,
    /// What is asked for.
    pub changes: GroupUpdate,
    /// The password that it is to have.
    pub password: Option<String>,
}

// === impl ChangeFields ===

impl ChangeFields {
    /// What is asked for, by the rules of names and texts.
    ///
    /// # Errors
    /// `bad_frame` or `too_large` with what is wrong; `unsupported` where there is an image.
    fn changes(self) -> Result<GroupUpdate, Refusal> {
        asked_changes(
            GroupUpdate {
                name: self.name,
                about: self.about,
                access: self.access,
                pinning: self.pinning,
                archived: self.archived,
            },
            self.image.is_some(),
        )
    }
}

/// Checks what somebody asks to be changed of a group, by the rules of names and texts.
///
/// # Errors
/// `bad_frame` or `too_large` with what is wrong; `unsupported` where there is an image, which has no place yet.
pub fn asked_changes(asked: GroupUpdate, has_image: bool) -> Result<GroupUpdate, Refusal> {
    if has_image {
        return Err(Refusal::new(Code::Unsupported, "this hub keeps no images of groups yet: leave `image` out"));
    }
    let name = asked.name.as_deref().map(|name| Name::asked("name", name)).transpose()?;
    let about = asked.about.as_deref().map(asked_about).transpose()?;
    Ok(GroupUpdate { name: name.map(String::from), about, ..asked })
}

impl Request for Change {
    type Fields = ChangeFields;

    fn check(mut fields: ChangeFields) -> Result<Self, Refusal> {
        let (group, password) = (fields.group.clone(), fields.password.take());
        Ok(Self { group, changes: fields.changes()?, password })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: serde_json::Value) -> Result<GroupUpdate, Code> {
        let mut fields = fields;
        fields["group"] = GroupId::random().as_str().into();
        let fields = serde_json::from_value(fields).map_err(|_| Code::BadFrame)?;
        Change::check(fields).map(|change| change.changes).map_err(|refusal| refusal.code)
    }

    #[test]
    fn names_and_texts_keep_to_their_rules() {
        let asked = serde_json::json!({"name": " tea ", "about": "leaves\n", "pinning": "members", "archived": false});
        let changes = check(asked).unwrap();
        assert_eq!((changes.name.as_deref(), changes.about.as_deref()), (Some("tea"), Some("leaves")));
        assert!(check(serde_json::json!({})).unwrap().is_empty());
        for (wrong, code) in [
            (serde_json::json!({"name": " "}), Code::BadFrame),
            (serde_json::json!({"about": "a\u{7}"}), Code::BadFrame),
            (serde_json::json!({"about": "a".repeat(501)}), Code::TooLarge),
            (serde_json::json!({"access": "nobody"}), Code::BadFrame),
            (serde_json::json!({"pinning": "owners"}), Code::BadFrame),
            (serde_json::json!({"archived": 1}), Code::BadFrame),
            (serde_json::json!({"image": "a file"}), Code::Unsupported),
        ] {
            assert_eq!(check(wrong.clone()), Err(code), "{wrong}");
        }
    }
}
