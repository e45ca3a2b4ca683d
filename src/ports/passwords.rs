//! Passwords by which people join groups.

use async_trait::async_trait;

use crate::domain::{GroupId, PasswordHash, Refusal, UserId};

/// Passwords of groups, hashed and compared as those of accounts are.
#[async_trait]
pub trait Passwords: Send + Sync + 'static {
    /// A password as it is stored. `bad_frame` when it is too short or too long; `overloaded` when too many come at
    /// once.
    async fn hash(&self, password: &str) -> Result<PasswordHash, Refusal>;

    /// Whether a password is the group's. `rate_limited` who tries too often, and who tries for a group for which too
    /// many do; `overloaded` when too many come at once.
    async fn verify(
        &self,
        user: &UserId,
        group: &GroupId,
        password: &str,
        hash: &PasswordHash,
    ) -> Result<bool, Refusal>;
}
