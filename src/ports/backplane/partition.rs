//! Partitions, and the proof of holding one.

use crate::domain::random_token;

/// Number of a partition, from 0.
pub type Partition = u16;

/// Random proof of holding a partition's lease.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseToken(pub String);

// === impl LeaseToken ===

impl LeaseToken {
    /// A token that nobody else has.
    pub fn random() -> Self {
        Self(random_token())
    }
}
