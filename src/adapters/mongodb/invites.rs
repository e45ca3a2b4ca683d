//! Invites in MongoDB, by the server's clock. A use is a conditional write.

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use serde::{Deserialize, Serialize};

use super::MongoStore;
use super::documents::{VERSION, int, read};
use crate::domain::{GroupId, Invite, InviteId, Millis, Seq, UserId, stored};
use crate::ports::{InviteStore, StoreError};

/// What is left of an invite that may be used without end: more than it ever is.
const NO_END: i64 = 1 << 53;

#[derive(Serialize, Deserialize)]
struct InviteDocument {
    #[serde(rename = "_id")]
    id: InviteId,
    group: GroupId,
    life: u64,
    #[serde(deserialize_with = "stored")]
    by: UserId,
    created: Millis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uses: Option<u32>,
    used: u32,
    /// How often it may still be used.
    left: i64,
    v: i32,
}

#[async_trait]
impl InviteStore for MongoStore {
    async fn add_invite(&self, invite: &Invite, most: usize) -> Result<bool, StoreError> {
        let (now, group) = (self.now().await?, invite.group.as_str());
        for ended in [doc! { "left": { "$lte": 0 } }, doc! { "expires": { "$lte": now } }] {
            let mut ended = ended;
            ended.insert("group", group);
            self.within(self.invites.delete_many(ended)).await?;
        }
        let there = self.find(&self.invites, doc! { "group": group }, Document::new(), 0, most).await?;
        if there.len() >= most {
            return Ok(false);
        }
        self.insert_new(&self.invites, &InviteDocument::from(invite)).await
    }

    async fn invites(&self, group: &GroupId) -> Result<Vec<Invite>, StoreError> {
        let mut filter = open(self.now().await?);
        filter.insert("group", group.as_str());
        let sort = doc! { "created": 1, "_id": 1 };
        let found = self.find(&self.invites, filter, sort, 0, 1_000).await?;
        found.iter().map(|document| Ok(read::<InviteDocument>(document)?.into())).collect()
    }

    async fn invite(&self, id: &InviteId) -> Result<Option<Invite>, StoreError> {
        let mut filter = open(self.now().await?);
        filter.insert("_id", id.as_str());
        let found = self.find_one(&self.invites, filter).await?;
        Ok(found.map(|document| read::<InviteDocument>(&document)).transpose()?.map(Invite::from))
    }

    async fn use_invite(&self, id: &InviteId) -> Result<bool, StoreError> {
        let mut filter = open(self.now().await?);
        filter.insert("_id", id.as_str());
        let update = doc! { "$inc": { "left": -1_i64, "used": 1 } };
        Ok(self.within(self.invites.update_one(filter, update)).await?.matched_count > 0)
    }

    async fn return_use(&self, id: &InviteId) -> Result<(), StoreError> {
        let used = doc! { "_id": id.as_str(), "used": { "$gt": 0 } };
        let update = doc! { "$inc": { "left": 1_i64, "used": -1 } };
        self.within(self.invites.update_one(used, update)).await.map(drop)
    }

    async fn remove_invite(&self, group: &GroupId, id: &InviteId) -> Result<(), StoreError> {
        let one = doc! { "_id": id.as_str(), "group": group.as_str() };
        self.within(self.invites.delete_one(one)).await.map(drop)
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Removes the invites of a group's life that ends.
    pub(super) async fn forget_invites(&self, group: &GroupId, life: Seq) -> Result<(), StoreError> {
        let ended = doc! { "group": group.as_str(), "life": { "$lte": int(life) } };
        self.within(self.invites.delete_many(ended)).await.map(drop)
    }
}

/// What is open at a time.
fn open(now: Millis) -> Document {
    doc! { "left": { "$gt": 0 }, "expires": { "$not": { "$lte": now } } }
}

// === conversions ===

impl From<&Invite> for InviteDocument {
    fn from(invite: &Invite) -> Self {
        Self {
            id: invite.id.clone(),
            group: invite.group.clone(),
            life: invite.life,
            by: invite.by.clone(),
            created: invite.created,
            expires: invite.expires,
            uses: invite.uses,
            used: invite.used,
            left: invite.uses.map_or(NO_END, |uses| i64::from(uses) - i64::from(invite.used)),
            v: VERSION,
        }
    }
}

impl From<InviteDocument> for Invite {
    fn from(document: InviteDocument) -> Self {
        let InviteDocument { id, group, life, by, created, expires, uses, used, .. } = document;
        Self { id, group, life, by, created, expires, uses, used }
    }
}
