//! Tokens that were found good lately.

use std::collections::HashMap;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::domain::Millis;
use crate::ports::Identity;

/// Public-key signatures cost a hundred times what a hash does; a reconnect storm brings the same
/// tokens again. 20,000 entries are a few MB.
const MAX_ENTRIES: usize = 20_000;

type TokenHash = [u8; 32];

/// Verified tokens by hash, each until it runs out or the keys change.
#[derive(Default)]
pub(super) struct VerifiedTokens {
    entries: Mutex<HashMap<TokenHash, Entry>>,
}

struct Entry {
    identity: Identity,
    generation: u64,
}

// === impl VerifiedTokens ===

impl VerifiedTokens {
    /// What this token was found to say, by the keys of this generation.
    pub(super) fn get(&self, token: &str, generation: u64, now: Millis) -> Option<Identity> {
        let entries = self.entries.lock();
        let entry = entries.get(&hash(token))?;
        (entry.generation == generation && now < entry.identity.expires).then(|| entry.identity.clone())
    }

    /// Keeps what a token says. When full, what is of no use any more goes, and if nothing is,
    /// everything does: bounded, and filled again at once by those who come back.
    pub(super) fn put(&self, token: &str, generation: u64, identity: &Identity, now: Millis) {
        let mut entries = self.entries.lock();
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, entry| entry.generation == generation && now < entry.identity.expires);
            if entries.len() >= MAX_ENTRIES {
                entries.clear();
            }
        }
        entries.insert(hash(token), Entry { identity: identity.clone(), generation });
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Profile, UserId};

    fn identity(expires: Millis) -> Identity {
        Identity { user: UserId::parse("anna").unwrap(), profile: Profile::default(), expires, proven: 0 }
    }

    #[test]
    fn forgets_at_expiry_and_with_the_keys() {
        let cache = VerifiedTokens::default();
        cache.put("token", 1, &identity(1_000), 0);
        assert_eq!(cache.get("token", 1, 999), Some(identity(1_000)));
        assert_eq!(cache.get("token", 1, 1_000), None);
        assert_eq!(cache.get("token", 2, 0), None);
        assert_eq!(cache.get("other", 1, 0), None);
    }

    #[test]
    fn stays_bounded() {
        let cache = VerifiedTokens::default();
        for n in 0..=MAX_ENTRIES {
            cache.put(&n.to_string(), 1, &identity(1_000), 0);
        }
        assert!(cache.entries.lock().len() <= MAX_ENTRIES);
        assert!(cache.get(&MAX_ENTRIES.to_string(), 1, 0).is_some());
    }
}
