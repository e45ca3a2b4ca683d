//! How far a group has come, and a user in it.

use serde::{Deserialize, Serialize};

use super::{Millis, Seq};

/// Where a life of a group begins. The sequence of one that is deleted and made again goes on: all that was ever given
/// lies below, all that belongs to this life above. All zero in a group's first life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Base {
    /// A seq that no event has.
    pub seq: Seq,
    /// `n` there.
    pub n: u64,
}

/// How far a group has come: the newest stored event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// Seq of the newest stored event; 0 when there is none.
    pub seq: Seq,
    /// `n` of that event.
    pub n: u64,
    /// How many events up to that one are shown.
    pub shown: u64,
    /// Time of that event.
    pub time: Millis,
}

/// How far a user has come in a group. Never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mark {
    /// The seq read up to.
    pub read: Seq,
    /// `n` at that seq.
    pub n: u64,
    /// The greatest seq that a device of the user holds.
    pub delivered: Seq,
}

// === impl Base ===

impl Base {
    /// How far a life has come that has no events yet. Shown events are numbered anew in each: nothing is compared with
    /// those of an earlier one.
    pub fn head(&self, time: Millis) -> Head {
        Head { seq: self.seq, n: self.n, shown: 0, time }
    }
}

// === impl Mark ===

impl Mark {
    /// The further of the two, field by field: a mark never goes back.
    pub fn max(self, other: Mark) -> Mark {
        Mark { read: self.read.max(other.read), n: self.n.max(other.n), delivered: self.delivered.max(other.delivered) }
    }
}
