//! How groups are deleted in MongoDB, and begin anew. What is left of one is a document that says where its sequence
//! ended.
//!
//! Each step is written only over the one before, so that several nodes may do the same at the same time, and none
//! touches a life that began meanwhile.

use mongodb::bson::{Document, doc, serialize_to_document};

use super::MongoStore;
use super::documents::{int, read};
use super::group_document::{GroupDocument, SETTINGS};
use crate::domain::{Base, Group, GroupId, Seq};
use crate::ports::{Deletion, StoreError};

/// Tries to mark a group while others do the same.
const TRIES: usize = 4;

// === impl GroupDocument ===

impl GroupDocument {
    pub(super) fn deletion(&self) -> Option<Deletion> {
        let base = Base { seq: self.base, n: self.base_n };
        self.gone.map(|gone| Deletion { life: base.seq, base: (gone > 1).then_some(base) })
    }
}

// === impl MongoStore ===

impl MongoStore {
    pub(super) async fn group_document(&self, id: &GroupId) -> Result<Option<GroupDocument>, StoreError> {
        let found = self.find_one(&self.groups, doc! { "_id": id.as_str() }).await?;
        found.map(|document| read(&document)).transpose()
    }

    /// Writes into a group's document if it is like this; false when it is not.
    async fn advance(&self, id: &GroupId, like: Document, update: Document) -> Result<bool, StoreError> {
        let mut filter = like;
        filter.insert("_id", id.as_str());
        Ok(self.within(self.groups.update_one(filter, update)).await?.matched_count > 0)
    }

    /// Where the present life of a group begins.
    pub(super) async fn base_of(&self, id: &GroupId) -> Result<Seq, StoreError> {
        Ok(self.group_document(id).await?.map_or(0, |document| document.base))
    }

    /// Marks a group; answers how far its deletion has come, when anything is left to be done of it.
    pub(super) async fn mark_deleted(&self, id: &GroupId) -> Result<Option<Deletion>, StoreError> {
        for _ in 0..TRIES {
            let Some(document) = self.group_document(id).await? else { return Ok(None) };
            if let Some(deletion) = document.deletion() {
                return Ok(Some(deletion).filter(|_| document.gone < Some(3)));
            }
            // The base is written as well: a document of an older hubbub has none to compare with later.
            let mark = doc! { "$set": { "gone": 1, "base": int(document.base), "base_n": int(document.base_n) } };
            if self.advance(id, doc! { "gone": { "$exists": false } }, mark).await? {
                return Ok(Some(Deletion { life: document.base, base: None }));
            }
        }
        Err(StoreError::Unreachable("too many writers on one group".into()))
    }

    /// Removes what users have of a life that ends and what is due of it, and writes where the next one begins. Nothing where that was done.
    pub(super) async fn forget_life(&self, id: &GroupId, life: Seq, base: Base) -> Result<(), StoreError> {
        let ending = |document: &GroupDocument| document.gone == Some(1) && document.base == life;
        let Some(document) = self.group_document(id).await?.filter(ending) else { return Ok(()) };
        let members: Vec<&str> = document.members.iter().map(|member| member.id.as_str()).collect();
        let left = doc! { "$max": { format!("groups.{id}"): int(base.seq).saturating_mul(2) } };
        self.update_by_ids(&self.users, &members, &left).await?;
        self.forget_marks(id, &members, base.seq).await?;
        self.forget_device_marks(id, &members, base.seq).await?;
        self.forget_due(id, base.seq).await?;
        self.forget_invites(id, life).await?;
        let update = doc! { "$set": { "gone": 2, "base": int(base.seq), "base_n": int(base.n) } };
        self.advance(id, doc! { "gone": 1, "base": int(life) }, update).await.map(drop)
    }

    /// Everything is removed: the document keeps nothing else.
    pub(super) async fn end_deletion(&self, id: &GroupId, base: Seq) -> Result<(), StoreError> {
        let unset: Document = SETTINGS.iter().map(|field| ((*field).to_owned(), 1.into())).collect();
        let update = doc! { "$set": { "gone": 3, "name": "", "members": [] }, "$unset": unset };
        self.advance(id, doc! { "gone": 2, "base": int(base) }, update).await.map(drop)
    }

    /// Makes a group anew whose deletion has come far enough; false when there is none.
    pub(super) async fn begin_anew(&self, group: &Group) -> Result<bool, StoreError> {
        let Some(old) = self.group_document(&group.id).await? else { return Ok(false) };
        let Some(gone @ 2..) = old.gone else { return Ok(false) };
        let base = Base { seq: old.base, n: old.base_n };
        let anew = Group { version: base.seq, first: base.seq + 1, base, ..group.clone() };
        let fields = serialize_to_document(&GroupDocument::from(&anew));
        let mut fields = fields.map_err(|error| StoreError::Refused(error.to_string()))?;
        fields.remove("_id");
        let old = SETTINGS.into_iter().chain(["gone"]).filter(|field| !fields.contains_key(field));
        let unset: Document = old.map(|field| (field.to_owned(), 1.into())).collect();
        let update = doc! { "$set": fields, "$unset": unset };
        self.advance(&group.id, doc! { "gone": gone, "base": int(base.seq) }, update).await
    }
}
