//! What admins set of groups, in MongoDB: fields of the group's document, each with the seq of the event that set it.

use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, RawDocumentBuf, doc, serialize_to_bson};

use super::MongoStore;
use super::commands::encode;
use super::documents::int;
use crate::domain::{GroupId, GroupUpdate, PasswordHash, Seq};
use crate::ports::StoreError;

// === impl MongoStore ===

impl MongoStore {
    /// Brings a group up to what an event sets, in one bulk call. Each field is written only over what an earlier event
    /// set, and only in the life of the group that the event is of.
    pub(super) async fn raise_settings(&self, id: &GroupId, seq: Seq, update: &GroupUpdate) -> Result<(), StoreError> {
        let is_of_this_life = |base: &Seq| seq > *base;
        let document = self.group_document(id).await?.filter(|document| document.gone.is_none());
        let Some(base) = document.map(|document| document.base).filter(is_of_this_life) else { return Ok(()) };
        let fields = update.to_data();
        let statements = fields.iter().map(|(field, value)| raise((id, base), seq, field, value));
        self.update_all(cstr!("groups"), statements.collect::<Result<_, _>>()?).await
    }

    /// Sets the password of a group in one of its lives.
    pub(super) async fn write_password(&self, of: (&GroupId, Seq), password: &PasswordHash) -> Result<(), StoreError> {
        let update = doc! { "$set": { "password": password.as_str() } };
        self.within(self.groups.update_one(in_life(of), update)).await.map(drop)
    }
}

/// A group that is there, in the life that began at a seq.
fn in_life((id, base): (&GroupId, Seq)) -> Document {
    // One that never began anew may have no base.
    let base = if base == 0 {
        doc! { "$not": { "$gt": 0 } }
    } else {
        doc! { "$eq": int(base) }
    };
    doc! { "_id": id.as_str(), "gone": { "$exists": false }, "base": base }
}

/// Sets a field in one life of a group.
fn raise(of: (&GroupId, Seq), seq: Seq, field: &str, value: &serde_json::Value) -> Result<RawDocumentBuf, StoreError> {
    let value = serialize_to_bson(value).map_err(|error| StoreError::Refused(error.to_string()))?;
    let set = format!("set.{field}");
    let mut query = in_life(of);
    // What was never set is not as great either.
    query.insert(set.as_str(), doc! { "$not": { "$gte": int(seq) } });
    encode(&doc! { "q": query, "u": { "$set": { field: value, &set: int(seq) } } })
}
