//! How much a backplane keeps.

use std::time::Duration;

/// The bounds of what a backplane keeps; the same for every adapter.
#[derive(Debug, Clone)]
pub struct BackplaneLimits {
    /// Entries that a partition's log holds before appends are refused. A hundred thousand are
    /// some minutes of a store that is down, and about 40 MB.
    pub log_cap: u64,
    /// How long a cid is remembered: as long as a client may repeat a send without the store being
    /// asked.
    pub cid_window: Duration,
    /// Entries that a node's inbox holds before it is marked as lossy.
    pub inbox_cap: u64,
    /// Events of a group in its recent cache: most reconnects missed fewer than this.
    pub recent_len: u64,
    /// How long the recent cache of an idle group is kept.
    pub recent_ttl: Duration,
    /// Groups of a partition whose last move is remembered for [`crate::ports::GroupStates::moved_since`].
    pub moves_kept: u64,
}

impl Default for BackplaneLimits {
    fn default() -> Self {
        Self {
            log_cap: 100_000,
            cid_window: Duration::from_secs(24 * 3600),
            inbox_cap: 20_000,
            recent_len: 64,
            recent_ttl: Duration::from_secs(600),
            moves_kept: 10_000,
        }
    }
}
