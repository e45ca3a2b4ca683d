//! Invites: by which whoever was sent one joins a group.

use sha2::{Digest, Sha256};

use super::string_id::string_id;
use super::token::base32;
use super::{GroupId, Millis, Seq, UserId};

string_id! {
    /// The name of an invite: a hash of the token by which people join, so that who reads the store or a list joins nothing.
    InviteId, "an invite", "26 characters of a-z and 2-7",
    |text| text.len() == 26 && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
}

/// Bytes of the hash that are kept: as many as a token has.
const HASH_BYTES: usize = 16;

/// An invite as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Its name.
    pub id: InviteId,
    /// The group that it leads to.
    pub group: GroupId,
    /// Where that group's life began.
    pub life: Seq,
    /// The admin who made it.
    pub by: UserId,
    /// When it was made.
    pub created: Millis,
    /// When it ends, if it ends by itself.
    pub expires: Option<Millis>,
    /// How many may join by it, where that is limited.
    pub uses: Option<u32>,
    /// How many joined by it.
    pub used: u32,
}

// === impl InviteId ===

impl InviteId {
    /// The name of the invite of a token.
    pub fn of(token: &str) -> Self {
        let hash = Sha256::digest(token.as_bytes());
        Self(base32(&hash[..HASH_BYTES]).into())
    }
}

// === impl Invite ===

impl Invite {
    /// Whether somebody may still join by it at a time.
    pub fn is_open(&self, now: Millis) -> bool {
        self.expires.is_none_or(|expires| expires > now) && self.uses.is_none_or(|uses| self.used < uses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_known_by_a_hash_of_its_token() {
        let id = InviteId::of("a token");
        assert_eq!((InviteId::parse(id.as_str()).unwrap(), id.as_str().len()), (id.clone(), 26));
        assert_ne!(id, InviteId::of("A token"));
        assert!(InviteId::parse("a token").is_err() && InviteId::parse(&"1".repeat(26)).is_err());
    }

    #[test]
    fn it_ends_by_time_and_by_use() {
        let invite = Invite {
            id: InviteId::of("a"),
            group: GroupId::random(),
            life: 0,
            by: UserId::parse("anna").unwrap(),
            created: 1,
            expires: None,
            uses: None,
            used: 9,
        };
        assert!(invite.is_open(i64::MAX));
        let ends = Invite { expires: Some(5), ..invite.clone() };
        assert!(ends.is_open(4) && !ends.is_open(5));
        assert!(
            Invite { uses: Some(10), ..invite.clone() }.is_open(1) && !Invite { uses: Some(9), ..invite }.is_open(1)
        );
    }
}
