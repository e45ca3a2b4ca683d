//! Invites into groups.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{GroupId, Invite, InviteId};

/// Invites. An open one has neither expired, by the store's clock, nor been used as often as it may be.
#[async_trait]
pub trait InviteStore: Send + Sync + 'static {
    /// Keeps a new invite; false, and nothing is kept, where so many of its group are open. Of those who make one at the
    /// same time each may find room. What has ended of the group's invites is removed.
    async fn add_invite(&self, invite: &Invite, most: usize) -> Result<bool, StoreError>;

    /// The open invites of a group, in the order of their making.
    async fn invites(&self, group: &GroupId) -> Result<Vec<Invite>, StoreError>;

    /// An open invite.
    async fn invite(&self, id: &InviteId) -> Result<Option<Invite>, StoreError>;

    /// Counts a use, where the invite is open still: of those who use one at once no more get true than may use it.
    async fn use_invite(&self, id: &InviteId) -> Result<bool, StoreError>;

    /// Takes a use back that came to nothing.
    async fn return_use(&self, id: &InviteId) -> Result<(), StoreError>;

    /// Ends an invite of a group.
    async fn remove_invite(&self, group: &GroupId, id: &InviteId) -> Result<(), StoreError>;
}
