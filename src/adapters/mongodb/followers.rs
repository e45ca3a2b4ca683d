//! How far followers have come, in MongoDB: a document a follower and group, and one a follower for all partitions.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use serde::Deserialize;

use super::commands::encode;
use super::documents::{VERSION, int, read};
use super::{IDS_AT_ONCE, MongoStore, by_ids};
use crate::domain::{GroupId, Head, Millis};
use crate::ports::{Done, Extent, FollowerStore, Partition, StoreError};

/// What of a group's document says which seqs it holds.
#[derive(Deserialize)]
struct ExtentDocument {
    #[serde(rename = "_id")]
    id: GroupId,
    first: u64,
    #[serde(default)]
    base: u64,
    gone: Option<i32>,
    #[serde(default)]
    head: HeadDocument,
}

/// The newest event of a group, as it was raised last.
#[derive(Default, Deserialize)]
struct HeadDocument {
    seq: u64,
    n: u64,
    shown: u64,
    time: Millis,
}

#[derive(Deserialize)]
struct DoneDocument {
    group: GroupId,
    seq: u64,
    first: u64,
}

/// Commit numbers by partition.
#[derive(Deserialize)]
struct CoveredDocument {
    p: BTreeMap<String, u64>,
}

#[async_trait]
impl FollowerStore for MongoStore {
    async fn raise_heads(&self, heads: &[(GroupId, Head)]) -> Result<(), StoreError> {
        let statements = heads.iter().map(|(group, head)| raise_head(group, head));
        self.update_all(cstr!("groups"), statements.collect::<Result<_, _>>()?).await
    }

    async fn extents(&self, groups: &[GroupId]) -> Result<Vec<Extent>, StoreError> {
        let ids: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
        let mut extents = Vec::with_capacity(ids.len());
        for slice in ids.chunks(IDS_AT_ONCE) {
            extents.extend(self.find_extents(by_ids(slice), Document::new(), slice.len()).await?);
        }
        Ok(extents)
    }

    async fn extents_after(&self, after: Option<&GroupId>, limit: usize) -> Result<Vec<Extent>, StoreError> {
        let beyond = after.map_or("", GroupId::as_str);
        // Those whose deletion is not finished are left out here, so that a page that is not full is the last.
        let filter = doc! { "_id": { "$gt": beyond }, "gone": { "$nin": [1, 2] } };
        self.find_extents(filter, doc! { "_id": 1 }, limit).await
    }

    async fn done(&self, follower: &str, groups: &[GroupId]) -> Result<HashMap<GroupId, Done>, StoreError> {
        let ids: Vec<String> = groups.iter().map(|group| done_id(follower, group)).collect();
        let found = self.find_by_ids(&self.followers, ids.iter().map(String::as_str)).await?;
        let done = |document: &RawDocumentBuf| {
            let DoneDocument { group, seq, first } = read(document)?;
            Ok((group, Done { seq, first }))
        };
        found.iter().map(done).collect()
    }

    async fn raise_done(&self, follower: &str, done: &[(GroupId, Done)]) -> Result<(), StoreError> {
        let statements = done.iter().map(|(group, done)| raise_done(follower, group, *done));
        self.update_all(cstr!("followers"), statements.collect::<Result<_, _>>()?).await
    }

    async fn covered(&self, follower: &str) -> Result<HashMap<Partition, u64>, StoreError> {
        let found = self.find_one(&self.covered, doc! { "_id": follower }).await?;
        let Some(CoveredDocument { p }) = found.map(|document| read(&document)).transpose()? else {
            return Ok(HashMap::new());
        };
        let number = |(partition, number): (String, u64)| Some((partition.parse().ok()?, number));
        Ok(p.into_iter().filter_map(number).collect())
    }

    async fn set_covered(&self, follower: &str, covered: &[(Partition, u64)]) -> Result<(), StoreError> {
        if covered.is_empty() {
            return Ok(());
        }
        let set: Document = covered.iter().map(|(at, number)| (format!("p.{at}"), int(*number).into())).collect();
        let update = doc! { "$set": set, "$setOnInsert": { "v": VERSION } };
        let statement = encode(&doc! { "q": { "_id": follower }, "u": update, "upsert": true })?;
        self.update_all(cstr!("covered"), vec![statement]).await
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Finds extents without reading who is in the groups.
    async fn find_extents(&self, filter: Document, sort: Document, limit: usize) -> Result<Vec<Extent>, StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let batch = limit.saturating_add(1).min(super::MAX_BATCH);
        let parts = doc! { "first": 1, "base": 1, "gone": 1, "head": 1, "v": 1 };
        let mut find = self.groups.find(filter).projection(parts).batch_size(batch).max_time(self.timeout);
        if !sort.is_empty() {
            find = find.sort(sort).limit(i64::from(limit));
        }
        let found: Vec<RawDocumentBuf> = self.within(async move { find.await?.try_collect().await }).await?;
        found.iter().filter_map(|document| read(document).map(extent).transpose()).collect()
    }
}

/// Which seqs are there; `None` while a deletion is not finished. Of a deleted group, `first` is where a life to come
/// begins.
fn extent(document: ExtentDocument) -> Option<Extent> {
    let first = match document.gone {
        None => document.first,
        Some(3) => document.base.saturating_add(1),
        Some(_) => return None,
    };
    let HeadDocument { seq, n, shown, time } = document.head;
    Some(Extent { group: document.id, first, head: Head { seq, n, shown, time } })
}

fn done_id(follower: &str, group: &GroupId) -> String {
    format!("{follower}:{group}")
}

/// The head is written as one: all of its parts are of one event.
fn raise_head(group: &GroupId, head: &Head) -> Result<RawDocumentBuf, StoreError> {
    let seq = int(head.seq);
    let below = doc! { "$not": { "$gte": seq } };
    let filter = doc! { "_id": group.as_str(), "gone": { "$exists": false }, "head.seq": below };
    let head = doc! { "seq": seq, "n": int(head.n), "shown": int(head.shown), "time": head.time };
    encode(&doc! { "q": filter, "u": { "$set": { "head": head } } })
}

fn raise_done(follower: &str, group: &GroupId, done: Done) -> Result<RawDocumentBuf, StoreError> {
    let first = doc! { "follower": follower, "group": group.as_str(), "v": VERSION };
    encode(&doc! {
        "q": { "_id": done_id(follower, group) },
        "u": { "$max": { "seq": int(done.seq), "first": int(done.first) }, "$setOnInsert": first },
        "upsert": true,
    })
}
