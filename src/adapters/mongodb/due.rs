//! What is due later, in MongoDB, by the server's clock. An entry is claimed by a conditional write.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use serde::Deserialize;

use super::commands::encode;
use super::documents::{VERSION, int, read};
use super::{IDS_AT_ONCE, MongoStore, by_ids};
use crate::domain::{GroupId, Millis, Seq, random_token};
use crate::ports::{Claimed, Due, DueStore, StoreError};

/// Looks for entries while others claim the same ones.
const TRIES: usize = 20;

#[derive(Deserialize)]
struct DueDocument {
    #[serde(rename = "_id")]
    id: String,
    follower: String,
    group: GroupId,
    window: i64,
    at: Millis,
    seq: u64,
}

#[async_trait]
impl DueStore for MongoStore {
    async fn plan(&self, entries: &[Due]) -> Result<(), StoreError> {
        self.update_all(cstr!("due"), entries.iter().map(plan).collect::<Result<_, _>>()?).await
    }

    async fn claim(&self, follower: &str, limit: usize, length: Duration) -> Result<Vec<Claimed>, StoreError> {
        let (now, claim) = (self.now().await?, random_token());
        let until = now.saturating_add(int(length.as_millis() as u64));
        let mut claimed: Vec<Claimed> = Vec::new();
        for _ in 0..TRIES {
            let wanted = limit.saturating_sub(claimed.len());
            let found = self.find(&self.due, waiting(follower, now), doc! { "at": 1 }, 0, wanted).await?;
            if found.is_empty() {
                break;
            }
            let found: Vec<DueDocument> = found.iter().map(|document| read(document)).collect::<Result<_, _>>()?;
            let ids: Vec<&str> = found.iter().map(|due| due.id.as_str()).collect();
            let holds = ids.iter().map(|id| hold(id, now, until, &claim)).collect::<Result<_, _>>()?;
            self.update_all(cstr!("due"), holds).await?;
            for slice in ids.chunks(IDS_AT_ONCE) {
                let mut ours = by_ids(slice);
                ours.insert("claim", &claim);
                let held = self.find(&self.due, ours, Document::new(), 0, slice.len()).await?;
                let held =
                    held.iter().map(|document| Ok(Claimed { due: read(document).map(due)?, claim: claim.clone() }));
                claimed.extend(held.collect::<Result<Vec<_>, StoreError>>()?);
            }
            // A claim of no length has ended already: it would be found again.
            if until <= now {
                break;
            }
        }
        claimed.sort_by_key(|claimed| claimed.due.at);
        Ok(claimed)
    }

    async fn settle(&self, claims: &[Claimed]) -> Result<(), StoreError> {
        let mut by_claim: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for Claimed { due, claim } in claims {
            by_claim.entry(claim).or_default().push(due_id(due));
        }
        for (claim, ids) in by_claim {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            for slice in ids.chunks(IDS_AT_ONCE) {
                let mut held = by_ids(slice);
                held.insert("claim", claim);
                self.within(self.due.delete_many(held)).await?;
            }
        }
        Ok(())
    }

    async fn overdue(&self, follower: &str) -> Result<(u64, Duration), StoreError> {
        let now = self.now().await?;
        let count = self.due.count_documents(waiting(follower, now)).max_time(self.timeout);
        let count = self.within(count).await?;
        let earliest = self.find(&self.due, waiting(follower, now), doc! { "at": 1 }, 0, 1).await?;
        let since = earliest.first().map(|document| read::<DueDocument>(document)).transpose()?;
        let waited = since.map_or(0, |due| now.saturating_sub(due.at));
        Ok((count, Duration::from_millis(u64::try_from(waited).unwrap_or(0))))
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Removes what is due of a group up to a seq. What is about no event is of the life that ends.
    pub(super) async fn forget_due(&self, group: &GroupId, last: Seq) -> Result<(), StoreError> {
        let ended = doc! { "group": group.as_str(), "seq": { "$lte": int(last) } };
        self.within(self.due.delete_many(ended)).await.map(drop)
    }
}

/// Entries of a follower that are due and claimed by nobody.
fn waiting(follower: &str, now: Millis) -> Document {
    doc! { "follower": follower, "at": { "$lte": now }, "until": { "$lte": now } }
}

fn due_id(due: &Due) -> String {
    format!("{}:{}:{}", due.follower, due.group, due.window)
}

fn plan(due: &Due) -> Result<RawDocumentBuf, StoreError> {
    let first = doc! {
        "follower": due.follower.as_str(),
        "group": due.group.as_str(),
        "window": due.window.cast_signed(),
        "at": due.at,
        "seq": int(due.seq),
        "until": 0_i64,
        "claim": "",
        "v": VERSION,
    };
    encode(&doc! { "q": { "_id": due_id(due) }, "u": { "$setOnInsert": first }, "upsert": true })
}

/// A claim of one entry, if nobody was faster.
fn hold(id: &str, now: Millis, until: Millis, claim: &str) -> Result<RawDocumentBuf, StoreError> {
    encode(&doc! {
        "q": { "_id": id, "until": { "$lte": now } },
        "u": { "$set": { "until": until, "claim": claim } },
    })
}

fn due(document: DueDocument) -> Due {
    let DueDocument { follower, group, window, at, seq, .. } = document;
    Due { follower, group, window: window.cast_unsigned(), at, seq }
}
