//! Read marks in MongoDB: one document a user.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, RawDocumentBuf, doc};

use super::commands::encode;
use super::documents::{CursorDocument, VERSION, int, read};
use super::{IDS_AT_ONCE, MongoStore, by_ids};
use crate::domain::{GroupId, Mark, Seq, UserId};
use crate::ports::{CursorStore, StoreError};

#[async_trait]
impl CursorStore for MongoStore {
    async fn marks(&self, users: &[UserId]) -> Result<HashMap<UserId, HashMap<GroupId, Mark>>, StoreError> {
        let found = self.find_by_ids(&self.cursors, users.iter().map(UserId::as_str)).await?;
        let of_user = |document: &RawDocumentBuf| {
            let CursorDocument { id, g } = read(document)?;
            Ok((id, g.into_iter().map(|(group, mark)| (group, mark.into())).collect()))
        };
        found.iter().map(of_user).collect()
    }

    async fn marks_in(&self, group: &GroupId, users: &[UserId]) -> Result<HashMap<UserId, Mark>, StoreError> {
        let mut marks = HashMap::with_capacity(users.len());
        for slice in users.chunks(IDS_AT_ONCE) {
            let ids: Vec<&str> = slice.iter().map(UserId::as_str).collect();
            // A user's document holds the marks of all of their groups.
            let find = self.cursors.find(by_ids(&ids)).projection(doc! { format!("g.{group}"): 1, "v": 1 });
            let find = find.batch_size(IDS_AT_ONCE as u32 + 1);
            let found: Vec<RawDocumentBuf> = self.within(async move { find.await?.try_collect().await }).await?;
            for document in &found {
                let CursorDocument { id, mut g } = read(document)?;
                marks.extend(g.remove(group).map(|mark| (id, mark.into())));
            }
        }
        Ok(marks)
    }

    async fn raise_marks(&self, marks: &[(UserId, GroupId, Mark)]) -> Result<(), StoreError> {
        let mut by_user: BTreeMap<&UserId, BTreeMap<&GroupId, Mark>> = BTreeMap::new();
        for (user, group, mark) in marks {
            let highest = by_user.entry(user).or_default().entry(group).or_default();
            *highest = highest.max(*mark);
        }
        let statements = by_user.iter().map(|(user, marks)| raise(user, marks));
        self.update_all(cstr!("cursors"), statements.collect::<Result<_, _>>()?).await
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Removes these users' marks of a group up to a seq; a later one stays as it is.
    pub(super) async fn forget_marks(&self, group: &GroupId, users: &[&str], last: Seq) -> Result<(), StoreError> {
        let unset = doc! { "$unset": { format!("g.{group}"): 1 } };
        for slice in users.chunks(IDS_AT_ONCE) {
            let mut filter = by_ids(slice);
            filter.insert(format!("g.{group}.r"), doc! { "$lte": int(last) });
            self.within(self.cursors.update_many(filter, unset.clone())).await?;
        }
        Ok(())
    }
}

/// A statement that raises marks of one user.
fn raise(user: &UserId, marks: &BTreeMap<&GroupId, Mark>) -> Result<RawDocumentBuf, StoreError> {
    let mut highest = Document::new();
    for (group, mark) in marks {
        highest.insert(format!("g.{group}.r"), int(mark.read));
        highest.insert(format!("g.{group}.n"), int(mark.n));
        highest.insert(format!("g.{group}.d"), int(mark.delivered));
    }
    encode(&doc! {
        "q": { "_id": user.as_str() },
        "u": { "$max": highest, "$setOnInsert": { "v": VERSION } },
        "upsert": true,
    })
}
