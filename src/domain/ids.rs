//! Identifiers, and those of them that are the hub's own.

use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use super::string_id::string_id;
use super::token::{base32, random_token};
use super::{InvalidId, Seq};

string_id!(
    /// Who somebody is: the token's `sub`. Read from outside it is never one of the hub's own (`hub.…`): those are
    /// made here, and read back by [`UserId::stored`].
    UserId,
    "a user id",
    "1 to 128 characters of A-Z a-z 0-9 . _ @ | - that do not begin with \"hub.\"",
    |t| is_user_id(t) && !t.starts_with(RESERVED)
);

string_id!(
    /// A group's id, made by the hub: 26 characters of lower-case base32 (128 bits), so never a
    /// word that stands in a path.
    GroupId,
    "a group id",
    "26 characters of a-z 2-7",
    |t| t.len() == GROUP_ID_LEN && t.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
);

string_id!(
    /// A sender's own id for what is sent, never used again by that sender in that group. Read from outside it is
    /// never one of the hub's own (`hub.…`): those are made here, and read back by [`Cid::stored`].
    Cid,
    "a cid",
    "1 to 64 bytes that do not begin with \"hub.\"",
    |t| is_cid(t) && !t.starts_with(RESERVED)
);

string_id!(
    /// A node's name with its boot epoch, `name.epoch`: unique for each life of a node.
    NodeName,
    "a node name",
    "1 to 80 characters of A-Z a-z 0-9 . _ -",
    |t| (1..=80).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
);

string_id!(
    /// One WebSocket connection.
    SessionId,
    "a session id",
    "26 characters of a-z 2-7",
    |t| t.len() == GROUP_ID_LEN && t.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
);

string_id!(
    /// What a client calls the device that it runs on. The same name of the same user is the same device.
    DeviceName,
    "a device",
    "1 to 64 characters, none of them a control character",
    |t| (1..=64).contains(&t.chars().count()) && !t.chars().any(char::is_control)
);

const GROUP_ID_LEN: usize = 26;

/// Ids that begin so are the hub's own: nobody outside makes them.
pub(super) const RESERVED: &str = "hub.";
const PROBE: &str = "hub.probe";
const PASSING_PROBE: &str = "hub.probe.passing";

fn is_user_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@|-".contains(&b))
}

fn is_cid(text: &str) -> bool {
    (1..=64).contains(&text.len())
}

/// Ids of which the hub has some of its own.
pub trait Stored: Sized {
    /// Reads one that the hub wrote down, its own included.
    fn read_stored(text: &str) -> Result<Self, InvalidId>;
}

impl Stored for UserId {
    fn read_stored(text: &str) -> Result<Self, InvalidId> {
        Self::stored(text)
    }
}

impl Stored for Cid {
    fn read_stored(text: &str) -> Result<Self, InvalidId> {
        Self::stored(text)
    }
}

/// For fields of what the hub wrote down itself: their ids may be the hub's own.
pub fn stored<'de, T: Stored, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    T::read_stored(&text).map_err(serde::de::Error::custom)
}

// === impl UserId ===

impl UserId {
    /// Reads an id that the hub wrote down, which may be one of its own.
    pub fn stored(text: &str) -> Result<Self, InvalidId> {
        if is_user_id(text) { Ok(Self(text.into())) } else { Self::parse(text) }
    }

    /// Whether the id is one of the hub's own (`hub.…`), which nobody outside can name.
    pub fn is_reserved(&self) -> bool {
        self.as_str().starts_with(RESERVED)
    }

    /// The hub itself as a sender, of voids and of changes made by an operator.
    pub fn hub() -> Self {
        Self("hub.system".into())
    }

    /// The sender of nodes' messages to themselves.
    pub fn probe() -> Self {
        Self(PROBE.into())
    }

    /// The same where they are not to be stored: the one sender whose events no store holds.
    pub fn passing_probe() -> Self {
        Self(PASSING_PROBE.into())
    }

    /// Whether this is a sender of nodes' messages to themselves.
    pub fn is_probe(&self) -> bool {
        self.as_str() == PROBE || self.is_passing_probe()
    }

    /// Whether what this one sends is not stored.
    pub fn is_passing_probe(&self) -> bool {
        self.as_str() == PASSING_PROBE
    }
}

// === impl GroupId ===

impl GroupId {
    /// A new id, as random as a token ([`random_token`]).
    pub fn random() -> Self {
        Self(random_token().into())
    }

    /// The one direct chat of two people: the same whoever asks first.
    pub fn direct(a: &UserId, b: &UserId) -> Self {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        Self::hashed("direct", low.as_str(), high.as_str())
    }

    /// The group that `creator` makes with `cid`: the same when the request is repeated.
    pub fn created_by(creator: &UserId, cid: &Cid) -> Self {
        Self::hashed("created", creator.as_str(), cid.as_str())
    }

    /// The group in which a node (by its name without epoch) speaks to itself as `sender`.
    pub fn probe(node: &str, sender: &UserId) -> Self {
        Self::hashed("probe", node, sender.as_str())
    }

    /// Length-prefixed, so that no two different pairs hash the same text.
    fn hashed(purpose: &str, first: &str, second: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [purpose, first, second] {
            hash.update((part.len() as u32).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(base32(&hash.finalize()[..16]).into())
    }

    /// The partition of `count` that this group belongs to, from its id alone.
    pub fn partition(&self, count: u16) -> u16 {
        // FNV-1a: stable for ever, unlike the standard library's hasher.
        let hash =
            self.0.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        ((hash ^ (hash >> 32)) % u64::from(count.max(1))) as u16
    }

    /// The id of one of this group's events, `<group>:<seq>`.
    pub fn event_id(&self, seq: Seq) -> String {
        format!("{self}:{seq}")
    }
}

// === impl SessionId ===

impl SessionId {
    /// A new id, as random as a token ([`random_token`]).
    pub fn random() -> Self {
        Self(random_token().into())
    }
}

// === impl Cid ===

impl Cid {
    /// Reads a cid that the hub wrote down, which may be one of its own.
    pub fn stored(text: &str) -> Result<Self, InvalidId> {
        if is_cid(text) { Ok(Self(text.into())) } else { Self::parse(text) }
    }

    /// The cid of something that the hub does once in a group.
    pub fn of_hub(what: &'static str) -> Self {
        Self(format!("{RESERVED}{what}").into())
    }

    /// A cid for an event whose sender gave none: unique by itself.
    pub fn random() -> Self {
        Self(format!("{RESERVED}{}", random_token()).into())
    }

    /// Whether the hub made it, so that it means nothing to a client.
    pub fn is_hub_made(&self) -> bool {
        self.as_str().starts_with(RESERVED)
    }
}

// === impl NodeName ===

impl NodeName {
    /// The name of the node without its epoch, as people know it.
    pub fn base(&self) -> &str {
        self.0.rsplit_once('.').map_or(&self.0, |(base, _)| base)
    }

    /// `base` in its life number `epoch`.
    pub fn with_epoch(base: &str, epoch: u64) -> Result<Self, InvalidId> {
        Self::parse(&format!("{base}.{epoch}"))
    }
}

/// Takes `<group>:<seq>` apart.
pub fn parse_event_id(text: &str) -> Result<(GroupId, Seq), InvalidId> {
    let wrong = InvalidId { what: "an event id", rule: "<group>:<seq>" };
    let (group, seq) = text.split_once(':').ok_or_else(|| wrong.clone())?;
    // As it is written everywhere, so that who compares ids compares events.
    let canonical = seq.starts_with(|c: char| matches!(c, '1'..='9'));
    let seq = seq.parse::<Seq>().ok().filter(|_| canonical).ok_or_else(|| wrong.clone())?;
    Ok((GroupId::parse(group)?, seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direct_chat_is_the_same_from_both_sides() {
        let (a, b) = (UserId::parse("anna").unwrap(), UserId::parse("bert").unwrap());
        assert_eq!(GroupId::direct(&a, &b), GroupId::direct(&b, &a));
        let (c, d) = (UserId::parse("ann").unwrap(), UserId::parse("abert").unwrap());
        assert_ne!(GroupId::direct(&a, &b), GroupId::direct(&c, &d));
    }

    #[test]
    fn made_ids_parse_and_words_of_paths_do_not() {
        let id = GroupId::random();
        assert_eq!(GroupId::parse(id.as_str()).unwrap(), id);
        assert!(GroupId::parse("message").is_err());
        assert!(GroupId::parse(&"A".repeat(26)).is_err());
    }

    #[test]
    fn partitions_are_fixed_for_ever() {
        // Written down once: another value would lead nodes of two versions to different logs.
        for (id, of_16, of_1024) in [
            ("aaaaaaaaaaaaaaaaaaaaaaaaaa", 8, 616),
            ("abcdefghijklmnopqrstuvwxyz", 3, 19),
            ("234567abcdefghijklmnopqrst", 5, 53),
        ] {
            let id = GroupId::parse(id).unwrap();
            assert_eq!((id.partition(1), id.partition(16), id.partition(1_024)), (0, of_16, of_1024));
        }
        let spread: std::collections::HashSet<_> = (0..1000).map(|_| GroupId::random().partition(16)).collect();
        assert_eq!(spread.len(), 16);
    }

    #[test]
    fn the_hubs_own_ids_come_from_nowhere_else() {
        for own in [UserId::hub(), UserId::probe(), UserId::passing_probe()] {
            assert!(own.is_reserved());
            assert!(UserId::parse(own.as_str()).is_err());
            assert!(serde_json::from_value::<UserId>(own.as_str().into()).is_err());
            assert_eq!(UserId::stored(own.as_str()).unwrap(), own);
        }
        for own in [Cid::of_hub("create"), Cid::random()] {
            assert!(own.is_hub_made());
            assert!(Cid::parse(own.as_str()).is_err());
            assert!(serde_json::from_value::<Cid>(own.as_str().into()).is_err());
            assert_eq!(Cid::stored(own.as_str()).unwrap(), own);
        }
        assert!(Cid::parse("hub").is_ok() && UserId::parse("hubert.x").is_ok());
        assert!(Cid::stored("").is_err() && UserId::stored("a b").is_err());
    }

    #[test]
    fn user_ids_are_checked() {
        assert!(UserId::parse("a.b_c@d|e-F9").is_ok());
        for bad in ["", "a b", "ü", "a/b", &"x".repeat(129)] {
            assert!(UserId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn event_ids_come_apart() {
        let group = GroupId::random();
        assert_eq!(parse_event_id(&group.event_id(7)).unwrap(), (group.clone(), 7));
        assert!(parse_event_id(&format!("{group}:0")).is_err());
        assert!(parse_event_id("7").is_err());
    }
}
