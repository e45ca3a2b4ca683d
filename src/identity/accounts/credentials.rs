//! What a username and a password may be.

use crate::domain::{Name, Refusal, UserId};

const MAX_USERNAME_CHARS: usize = 64;
const MIN_PASSWORD_BYTES: usize = 8;
// Longer ones add nothing, and hashing must not be fed megabytes.
const MAX_PASSWORD_BYTES: usize = 256;

/// A username and a password that keep to the rules.
pub struct Credentials<'a> {
    /// Lower case.
    pub username: String,
    /// As typed.
    pub password: &'a str,
}

// === impl Credentials ===

impl<'a> Credentials<'a> {
    /// Checks both; the refusal says what they must look like.
    pub fn parse(username: &str, password: &'a str) -> Result<Self, Refusal> {
        let username = Self::username(username)?;
        Self::check_password(password)?;
        Ok(Self { username, password })
    }

    /// A username: characters of user ids except `|`, which parts a further issuer's prefix from
    /// its users; lower-cased, so that nobody can look like somebody else by case alone.
    pub fn username(text: &str) -> Result<String, Refusal> {
        let username = text.to_ascii_lowercase();
        let valid = username.len() <= MAX_USERNAME_CHARS && !username.contains('|') && UserId::parse(&username).is_ok();
        if valid {
            Ok(username)
        } else {
            Err(Refusal::bad_frame(
                "username must be 1 to 64 characters of a-z 0-9 . _ @ - and not begin with \"hub.\"",
            ))
        }
    }

    /// A password, by its length alone.
    pub fn check_password(password: &str) -> Result<(), Refusal> {
        if (MIN_PASSWORD_BYTES..=MAX_PASSWORD_BYTES).contains(&password.len()) {
            Ok(())
        } else {
            Err(Refusal::bad_frame("password must be 8 to 256 bytes"))
        }
    }

    /// The name to show: as given, else the username.
    pub(super) fn display_name(&self, name: Option<&str>) -> Result<String, Refusal> {
        let name = name.filter(|name| !name.trim().is_empty()).unwrap_or(&self.username);
        Name::asked("name", name).map(String::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_lower_case_ids_of_people() {
        assert_eq!(Credentials::username("Anna.B@x-1_2").unwrap(), "anna.b@x-1_2");
        for bad in ["", "a b", "ä", "other|anna", "hub.system", "HUB.x", &"x".repeat(65)] {
            assert!(Credentials::username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords_have_a_length() {
        for bad in ["1234567", &"x".repeat(257)] {
            assert!(Credentials::check_password(bad).is_err());
        }
        for good in ["12345678", &"x".repeat(256), "pässwörd"] {
            assert!(Credentials::check_password(good).is_ok());
        }
    }

    #[test]
    fn names_keep_to_the_rule() {
        let who = Credentials::parse("Anna", "12345678").unwrap();
        assert_eq!(who.display_name(None).unwrap(), "anna");
        assert_eq!(who.display_name(Some("  ")).unwrap(), "anna");
        assert_eq!(who.display_name(Some(" Anna B. ")).unwrap(), "Anna B.");
        assert!(who.display_name(Some("a\u{7}b")).is_err());
        assert!(who.display_name(Some(&"ä".repeat(201))).is_err());
    }
}
