//! The bounds in time that a hub is held to.

use std::time::Duration;

/// A message through the whole pipeline takes no longer, ideally.
pub const IDEAL: Duration = Duration::from_secs(1);
/// And never longer than this.
pub const NEVER_OVER: Duration = Duration::from_secs(10);
