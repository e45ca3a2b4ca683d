//! Who may become a member of a group.

use serde::{Deserialize, Deserializer};

use super::open::{LaterName, open_names};

/// Who may become a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Those whom an admin adds.
    #[default]
    Members,
    /// Anyone who joins.
    Open,
    /// Anyone who joins and knows the group's password.
    Password,
    /// One of a later version; it lets in nobody but those whom an admin adds.
    Other(LaterName),
}

// === impl Access ===

open_names!(Access, "an access", Members = "members", Open = "open", Password = "password");

/// Reads the access that a request asks for: none that this version does not know.
pub fn requested_access<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Access>, D::Error> {
    let Some(name) = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)? else { return Ok(None) };
    let known = Access::known(&name).map(Some);
    known.ok_or_else(|| serde::de::Error::unknown_variant(&name, &["members", "open", "password"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_ask_for_what_is_known() {
        let read = |json: &str| requested_access(&mut serde_json::Deserializer::from_str(json));
        assert_eq!(read(r#""open""#).unwrap(), Some(Access::Open));
        assert_eq!(read("null").unwrap(), None);
        assert!(read(r#""by_request""#).unwrap_err().to_string().contains("`open`"));
    }
}
