//! Groups are made, and shown to whoever makes them.

use std::sync::Arc;

use super::handler::GroupLists;
use super::own::OwnGroup;
use crate::domain::{Access, Cid, Refusal, UserId};
use crate::hub::features::membership::Creation;

/// Makes groups for their creators.
pub(crate) struct NewGroups {
    pub(super) creation: Arc<Creation>,
    pub(super) lists: Arc<GroupLists>,
}

// === impl NewGroups ===

impl NewGroups {
    pub(crate) fn new(creation: Arc<Creation>, lists: Arc<GroupLists>) -> Self {
        Self { creation, lists }
    }

    /// Makes a group, as `create` does, and shows it to its creator; `not_found` when who repeats it has left since.
    pub(crate) async fn create(
        &self,
        creator: &UserId,
        name: String,
        users: Vec<UserId>,
        access: Access,
        cid: Option<Cid>,
    ) -> Result<OwnGroup, Refusal> {
        let id = self.creation.create_group(creator, name, users, access, cid).await?;
        self.lists.own_group(creator, &id).await
    }
}
