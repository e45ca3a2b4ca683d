//! What tokens say.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::domain::{Millis, Name, Profile, is_reserved_username};

/// The claims that are read. Signature, `exp`, `nbf`, `iss` and `aud` have been checked before.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: Option<String>,
    exp: Option<Number>,
    iat: Option<Number>,
    auth_time: Option<Number>,
    // Any type, so that an odd profile keeps nobody out.
    name: Option<Value>,
    preferred_username: Option<Value>,
}

/// The claims that are written.
#[derive(Debug, Serialize)]
pub(super) struct MintedClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aud: Option<&'a str>,
    pub(super) sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preferred_username: Option<&'a str>,
    pub(super) iat: i64,
    pub(super) auth_time: i64,
    pub(super) exp: i64,
}

// === impl Claims ===

impl Claims {
    /// When the token runs out, in Unix milliseconds.
    pub(super) fn expires(&self) -> Millis {
        millis(self.exp.as_ref())
    }

    /// When its bearer proved who they are: told by `auth_time`, else not before the token was made.
    pub(super) fn proven(&self) -> Millis {
        millis(self.auth_time.as_ref().or(self.iat.as_ref())).max(0)
    }

    /// The profile; what the token leaves open is filled from what identifies the user, so that
    /// everybody can be found and has a name.
    pub(super) fn profile(&self, subject: &str) -> Profile {
        let username = name_in(&self.preferred_username).filter(|name| !is_reserved_username(name));
        let username = username.unwrap_or_else(|| subject.to_owned());
        let lower = Name::fit(&username.to_lowercase()).map_or_else(|| subject.to_lowercase(), String::from);
        Profile { name: name_in(&self.name).unwrap_or(username), username: lower }
    }
}

fn millis(seconds: Option<&Number>) -> Millis {
    let seconds = seconds.and_then(Number::as_f64).unwrap_or(0.0);
    // A cast from a float saturates.
    ((seconds * 1000.0) as i64).min(Millis::MAX / 2)
}

/// The name that a claim holds, made fit: a name that breaks the rule keeps nobody out, and whoever logs in here can't
/// change what their identity provider says.
fn name_in(claim: &Option<Value>) -> Option<String> {
    Name::fit(claim.as_ref()?.as_str()?).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_that_looks_like_the_hubs_own_is_left_out() {
        for own in ["hub.system", "HUB.System"] {
            let claims = serde_json::json!({ "sub": "anna", "preferred_username": own });
            let profile = serde_json::from_value::<Claims>(claims).unwrap().profile("anna");
            assert_eq!(profile, Profile { username: "anna".into(), name: "anna".into() });
        }
    }

    #[test]
    fn names_that_break_the_rule_are_made_fit_or_left_out() {
        let profile = |username: &str, name: &str| {
            let claims = serde_json::json!({ "sub": "anna", "preferred_username": username, "name": name });
            let profile = serde_json::from_value::<Claims>(claims).unwrap().profile("anna");
            (profile.username, profile.name)
        };
        let of = |username: &str, name: &str| (username.to_owned(), name.to_owned());
        assert_eq!(profile("An\u{202e}na", " Anna\nB\0. "), of("anna", "AnnaB."));
        assert_eq!(profile("\u{3164}", "\u{200b}"), of("anna", "anna"));
        assert_eq!(profile("Zoe\u{308}", "\u{2800}"), of("zoë", "Zoë"));
        assert_eq!(profile(&"İ".repeat(300), &"é".repeat(300)).1.chars().count(), 200);
        assert_eq!(profile(&"İ".repeat(300), "x").0.chars().count(), 200);
        assert_eq!(profile("ｈｕｂ．system", "x"), of("anna", "x"));
    }
}
