//! Which messages of a group are meant.

use mongodb::bson::{Bson, Document, doc};

use super::MongoStore;
use super::documents::{event, message_id};
use crate::domain::{Event, GroupId, Seq};
use crate::ports::StoreError;

// === impl MongoStore ===

impl MongoStore {
    /// A filter on the ids of one group's messages, with the shard key where there are shards:
    /// without it the router would ask all of them.
    pub(super) fn of_group(&self, group: &GroupId, id: impl Into<Bson>) -> Document {
        let mut filter = doc! { "_id": id.into() };
        if self.sharded {
            filter.insert("group", group.as_str());
        }
        filter
    }

    /// The messages of a group under these seqs.
    pub(super) async fn messages_under(&self, group: &GroupId, seqs: &[Seq]) -> Result<Vec<Event>, StoreError> {
        let ids: Vec<String> = seqs.iter().map(|seq| message_id(group, *seq)).collect();
        let (filter, limit) = (self.of_group(group, doc! { "$in": &ids }), ids.len());
        let found = self.find(&self.messages, filter, Document::new(), 0, limit).await?;
        found.iter().map(|document| event(document)).collect()
    }
}

/// Ids of a group's messages from a seq on, up to another (exclusive; the greatest means all).
pub(super) fn between(group: &GroupId, from: Seq, to: Seq) -> Document {
    let (from, end) = (message_id(group, from), message_id(group, to));
    let upper = if to == Seq::MAX { "$lte" } else { "$lt" };
    doc! { "$gte": from, upper: end }
}
