//! The cids seen of late in a partition, each with the seq that it got.

use std::collections::HashMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::aging::Aging;
use crate::domain::{Cid, GroupId, Millis, Seq, UserId};

/// Cids kept a partition at most, about 6 MB; an older one is still found by the store's unique key.
const CAP: usize = 65_536;

/// A send, by the hash of its group, sender and cid.
pub(super) type SendKey = [u8; 16];

#[derive(Default)]
pub(super) struct Seen {
    seqs: HashMap<SendKey, (Seq, Millis)>,
    aging: Aging<SendKey>,
}

pub(super) fn send_key(group: &GroupId, from: &UserId, cid: &Cid) -> SendKey {
    let mut hash = Sha256::new();
    for part in [group.as_str(), from.as_str(), cid.as_str()] {
        hash.update([part.len() as u8]);
        hash.update(part);
    }
    let mut key = SendKey::default();
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}

// === impl Seen ===

impl Seen {
    /// The seq of a send that was seen within `window`.
    pub(super) fn seq(&mut self, key: &SendKey, now: Millis, window: Duration) -> Option<Seq> {
        let limit = now - window.as_millis() as Millis;
        while let Some((since, old)) = self.aging.pop_until(limit) {
            self.drop_if_from(&old, since);
        }
        self.seqs.get(key).map(|(seq, _)| *seq)
    }

    pub(super) fn insert(&mut self, key: SendKey, seq: Seq, now: Millis) {
        self.seqs.insert(key, (seq, now));
        self.aging.push(now, key);
        while let Some((since, old)) = self.aging.pop_beyond(CAP) {
            self.drop_if_from(&old, since);
        }
    }

    pub(super) fn forget(&mut self, key: &SendKey) {
        self.seqs.remove(key);
    }

    /// A cid that was forgotten and came again has a younger entry in the queue.
    fn drop_if_from(&mut self, key: &SendKey, since: Millis) {
        if self.seqs.get(key).is_some_and(|(_, at)| *at <= since) {
            self.seqs.remove(key);
        }
    }
}
