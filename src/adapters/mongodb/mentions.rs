//! Mentions in MongoDB: a document for each user whom a text mentions, and one of nobody where it mentions all.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use serde::Deserialize;

use super::MongoStore;
use super::commands::encode;
use super::documents::{MAX_SEQ, SEQ_DIGITS, VERSION, int, read};
use crate::domain::{GroupId, Mentions, Seq, UserId};
use crate::ports::{MentionStore, ReadUpTo, StoreError};

/// Who stands for all members: nobody's id.
const ALL: &str = "";
/// Groups that are asked for with one query.
const GROUPS_AT_ONCE: usize = 50;

/// That a text mentions somebody. Its `_id` is the group, the user and the text's seq, so that those of one user in a group
/// lie together.
#[derive(Deserialize)]
struct MentionDocument {
    group: GroupId,
    seq: Seq,
}

#[async_trait]
impl MentionStore for MongoStore {
    async fn mentions(&self, user: &UserId, of: &[ReadUpTo]) -> Result<Vec<u64>, StoreError> {
        let mut found: HashMap<GroupId, HashSet<Seq>> = HashMap::new();
        for slice in of.chunks(GROUPS_AT_ONCE) {
            let mut ranges = Vec::with_capacity(2 * slice.len());
            for ReadUpTo { group, read } in slice {
                ranges.extend([user.as_str(), ALL].map(|user| doc! { "_id": above(group, user, *read) }));
            }
            let find = self.mentions.find(doc! { "$or": ranges }).max_time(self.timeout);
            let rows: Vec<RawDocumentBuf> = self.within(async move { find.await?.try_collect().await }).await?;
            for row in &rows {
                let MentionDocument { group, seq } = read(row)?;
                // A text that mentions all and somebody as well is one.
                found.entry(group).or_default().insert(seq);
            }
        }
        Ok(of.iter().map(|unread| found.get(&unread.group).map_or(0, |seqs| seqs.len() as u64)).collect())
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Statements that write whom a text mentions.
    pub(super) fn mention(
        &self,
        group: &GroupId,
        seq: Seq,
        mentions: &Mentions,
    ) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let users: Vec<&str> = match mentions {
            Mentions::All => vec![ALL],
            Mentions::Users(users) => users.iter().map(UserId::as_str).collect(),
        };
        let row = |user: &str| {
            let first = doc! { "group": group.as_str(), "user": user, "seq": int(seq), "v": VERSION };
            encode(&doc! {
                "q": self.of_group(group, mention_id(group, user, seq)),
                "u": { "$setOnInsert": first },
                "upsert": true,
            })
        };
        users.into_iter().map(row).collect()
    }

    /// Removes the mentions of a group's texts from a seq on, up to another (exclusive).
    pub(super) async fn forget_mentions(&self, group: &GroupId, from: Seq, to: Seq) -> Result<(), StoreError> {
        let mut rows = self.of_group(group, doc! { "$gte": format!("{group} "), "$lt": format!("{group}!") });
        rows.insert("seq", doc! { "$gte": int(from), "$lt": int(to) });
        self.within(self.mentions.delete_many(rows)).await.map(drop)
    }
}

fn mention_id(group: &GroupId, user: &str, seq: Seq) -> String {
    format!("{group} {user} {:0width$}", seq.min(MAX_SEQ), width = SEQ_DIGITS)
}

/// Ids of the mentions of a user in a group above a seq.
fn above(group: &GroupId, user: &str, seq: Seq) -> Document {
    doc! { "$gt": mention_id(group, user, seq), "$lte": mention_id(group, user, Seq::MAX) }
}
