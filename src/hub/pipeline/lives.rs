//! Where the lives of groups begin, and what is left of those that are over.

use crate::domain::{GroupId, Seq};
use crate::ports::{GroupStore, StoreError};

/// Where the present life of a group begins of whose state the backplane knows nothing.
pub(crate) async fn stored_base(documents: &dyn GroupStore, id: &GroupId) -> Result<Seq, StoreError> {
    if let Some(deletion) = documents.deletion(id).await? {
        // Not told yet: above all that is stored.
        return Ok(deletion.base.map_or(Seq::MAX, |base| base.seq));
    }
    Ok(documents.group(id).await?.map_or(0, |group| group.base.seq))
}

/// Removes what was stored of these groups and is not committed by this node: it may be of lives that are over.
pub(crate) async fn remove_ended(documents: &dyn GroupStore, groups: impl Iterator<Item = GroupId>) {
    for group in groups {
        if let Err(error) = documents.sweep_group(&group).await {
            // What is left lies below what is shown of the group.
            tracing::debug!(%error, %group, "what is left of an earlier life was not removed");
        }
    }
}
