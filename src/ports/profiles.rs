//! What users say of themselves beside their names. Nothing that a message's way through asks for.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{Details, DetailsPatch, UserId};

/// Details of users.
#[async_trait]
pub trait ProfileStore: Send + Sync + 'static {
    /// What a user says of themselves: nothing where they have said nothing, are not there, or are deleted.
    async fn details(&self, user: &UserId) -> Result<Details, StoreError>;

    /// Edits what a user says of themselves. Of several edits at once, each field ends as one of them has it. Refused
    /// for a user that does not exist, or is deleted.
    async fn edit_details(&self, user: &UserId, edit: &DetailsPatch) -> Result<(), StoreError>;
}
