//! Groups in MongoDB.

use async_trait::async_trait;
use mongodb::bson::{Document, RawDocumentBuf, doc, serialize_to_bson};

use super::MongoStore;
use super::documents::{GroupDocument, int, read};
use crate::domain::{Group, GroupId, MembershipChange, Seq};
use crate::ports::{GroupStore, StoreError};

/// Tries to bring a group's members up to date while others do the same.
const TRIES: usize = 20;

#[async_trait]
impl GroupStore for MongoStore {
    async fn create_group(&self, group: &Group) -> Result<bool, StoreError> {
        self.insert_new(&self.groups, &GroupDocument::from(group)).await
    }

    async fn group(&self, id: &GroupId) -> Result<Option<Group>, StoreError> {
        let found = self.find_one(&self.groups, doc! { "_id": id.as_str() }).await?;
        found.map(|document| group_of(&document)).transpose()
    }

    async fn groups(&self, ids: &[GroupId]) -> Result<Vec<Group>, StoreError> {
        let found = self.find_by_ids(&self.groups, ids.iter().map(GroupId::as_str)).await?;
        found.iter().map(group_of).collect()
    }

    async fn apply_membership(&self, group: &GroupId, seq: Seq, change: &MembershipChange) -> Result<(), StoreError> {
        if !self.raise_group(group, seq, change).await? {
            return Ok(());
        }
        self.raise_memberships(group, seq, change).await
    }

    async fn all_groups(&self, page: usize, per_page: usize) -> Result<Vec<Group>, StoreError> {
        let skip = (page as u64).saturating_mul(per_page as u64);
        let sort = doc! { "_id": 1 };
        let found = self.find(&self.groups, Document::new(), sort, skip, per_page).await?;
        found.iter().map(group_of).collect()
    }

    async fn delete_group(&self, id: &GroupId) -> Result<(), StoreError> {
        if let Some(group) = self.group(id).await? {
            let members: Vec<&str> = group.members.iter().map(|member| member.id.as_str()).collect();
            let unset = |field| doc! { "$unset": { format!("{field}.{id}"): 1 } };
            self.update_by_ids(&self.users, &members, &unset("groups")).await?;
            self.update_by_ids(&self.cursors, &members, &unset("g")).await?;
        }
        self.remove_below(id, Seq::MAX).await?;
        self.within(self.groups.delete_one(doc! { "_id": id.as_str() })).await?;
        Ok(())
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Brings the group's members up to an event; false when there is no such group. Only the
    /// members and their version are written, and only over the version that was read.
    async fn raise_group(&self, id: &GroupId, seq: Seq, change: &MembershipChange) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let Some(mut group) = self.group(id).await? else { return Ok(false) };
            let read = group.version;
            if !group.apply(seq, change) {
                return Ok(true);
            }
            let members = serialize_to_bson(&group.members).map_err(|error| StoreError::Refused(error.to_string()))?;
            let filter = doc! { "_id": id.as_str(), "version": int(read) };
            let update = doc! { "$set": { "members": members, "version": int(seq) } };
            let written = self.within(self.groups.update_one(filter, update)).await?;
            if written.matched_count > 0 {
                return Ok(true);
            }
        }
        Err(StoreError::Unreachable("too many writers on one group".into()))
    }
}

fn group_of(document: &RawDocumentBuf) -> Result<Group, StoreError> {
    Ok(read::<GroupDocument>(document)?.into())
}
