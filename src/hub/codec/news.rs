//! What nodes tell each other about a user.

use serde::{Deserialize, Serialize};

use crate::domain::{Millis, SessionId};

/// Something about a user. An older node passes over what it does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserNews {
    /// The user's profile changed; the session that had it changed knows already.
    Profile { session: Option<SessionId> },
    /// Logins from before a time count no more: sessions by their tokens end, but for one that the user keeps.
    LoginsEnded { before: Millis, kept: Option<SessionId> },
}
