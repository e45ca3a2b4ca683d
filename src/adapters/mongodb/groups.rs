//! Groups in MongoDB.

use async_trait::async_trait;
use mongodb::bson::{Document, RawDocumentBuf, deserialize_from_document, doc, serialize_to_document};

use super::MongoStore;
use super::documents::{int, read};
use super::group_document::{GroupDocument, MemberRecords};
use crate::adapters::records::Records;
use crate::domain::{Base, Group, GroupId, GroupUpdate, Member, MembershipChange, PasswordHash, Seq};
use crate::ports::{Deletion, GroupStore, StoreError};

/// Tries to bring a group's members up to date while others do the same.
const TRIES: usize = 20;

#[async_trait]
impl GroupStore for MongoStore {
    async fn create_group(&self, group: &Group) -> Result<bool, StoreError> {
        if self.insert_new(&self.groups, &GroupDocument::from(group)).await? {
            return Ok(true);
        }
        self.begin_anew(group).await
    }

    async fn group(&self, id: &GroupId) -> Result<Option<Group>, StoreError> {
        let found = self.find_one(&self.groups, doc! { "_id": id.as_str() }).await?;
        Ok(found.map(|document| group_of(&document)).transpose()?.flatten())
    }

    async fn groups(&self, ids: &[GroupId]) -> Result<Vec<Group>, StoreError> {
        let found = self.find_by_ids(&self.groups, ids.iter().map(GroupId::as_str)).await?;
        found.iter().filter_map(|document| group_of(document).transpose()).collect()
    }

    async fn apply_membership(&self, group: &GroupId, seq: Seq, change: &MembershipChange) -> Result<(), StoreError> {
        if !self.raise_group(group, seq, change).await? {
            return Ok(());
        }
        self.raise_memberships(group, seq, change).await
    }

    async fn apply_update(&self, group: &GroupId, seq: Seq, update: &GroupUpdate) -> Result<(), StoreError> {
        self.raise_settings(group, seq, update).await
    }

    async fn set_group_password(&self, group: &GroupId, life: Seq, password: &PasswordHash) -> Result<(), StoreError> {
        self.write_password((group, life), password).await
    }

    async fn all_groups(&self, page: usize, per_page: usize) -> Result<Vec<Group>, StoreError> {
        let skip = (page as u64).saturating_mul(per_page as u64);
        let sort = doc! { "_id": 1 };
        let there = doc! { "gone": { "$exists": false } };
        let found = self.find(&self.groups, there, sort, skip, per_page).await?;
        found.iter().filter_map(|document| group_of(document).transpose()).collect()
    }

    async fn begin_deletion(&self, id: &GroupId) -> Result<Option<Deletion>, StoreError> {
        self.mark_deleted(id).await
    }

    async fn deletion(&self, id: &GroupId) -> Result<Option<Deletion>, StoreError> {
        Ok(self.group_document(id).await?.and_then(|document| document.deletion()))
    }

    async fn finish_deletion(&self, id: &GroupId, deletion: &Deletion, base: Base) -> Result<(), StoreError> {
        self.forget_life(id, deletion.life, base).await?;
        // Another may have finished it, and with another base: what is stored stands.
        let base = self.base_of(id).await?;
        self.remove_below(id, base.saturating_add(1)).await?;
        self.end_deletion(id, base).await
    }

    async fn sweep_group(&self, id: &GroupId) -> Result<(), StoreError> {
        let base = self.base_of(id).await?;
        self.remove_below(id, base.saturating_add(1)).await.map(drop)
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Brings the group's members up to an event; false when it is of no group, or of an earlier life. Only the
    /// members and their version are written, and only over the version that was read.
    async fn raise_group(&self, id: &GroupId, seq: Seq, change: &MembershipChange) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let Some(document) = self.find_one(&self.groups, doc! { "_id": id.as_str() }).await? else {
                return Ok(false);
            };
            let group = group_of(&document)?.filter(|group| seq > group.base.seq);
            let Some(mut group) = group else { return Ok(false) };
            let read = group.version;
            if !group.apply(seq, change) {
                return Ok(true);
            }
            let members = raised_members(&document, &group)?;
            // Once it is marked as deleted, who is in it is looked at to clear their lists: nobody may come after that.
            let there = doc! { "$exists": false };
            let filter = doc! { "_id": id.as_str(), "version": int(read), "gone": there };
            let update = doc! { "$set": { "members": members, "version": int(seq) } };
            let written = self.within(self.groups.update_one(filter, update)).await?;
            if written.matched_count > 0 {
                return Ok(true);
            }
        }
        Err(StoreError::Unreachable("too many writers on one group".into()))
    }
}

/// The members of a group that was changed, over the records that stand in its document.
fn raised_members(document: &RawDocumentBuf, group: &Group) -> Result<Vec<Document>, StoreError> {
    let unusable = |error: mongodb::bson::error::Error| StoreError::Refused(error.to_string());
    let stored: MemberRecords = read(document)?;
    let member = |record: Document| Some((deserialize_from_document(record.clone()).ok()?, record));
    let mut records = Records::of(stored.members.into_iter().filter_map(member));
    let now = |member: &Member| Ok(records.with(member, serialize_to_document(member).map_err(unusable)?));
    group.members.iter().map(now).collect()
}

/// The group, unless it was deleted.
fn group_of(document: &RawDocumentBuf) -> Result<Option<Group>, StoreError> {
    let document = read::<GroupDocument>(document)?;
    Ok(document.gone.is_none().then(|| document.into()))
}
