//! Messages in MongoDB.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mongodb::bson::doc;
use mongodb::bson::raw::cstr;

use super::MongoStore;
use super::documents::{MessageDocument, event, int, message, message_id, read};
use super::filters::between;
use crate::domain::{Cid, Effect, Event, GroupId, Head, Millis, Seq, UserId};
use crate::ports::{Inserted, MessageStore, Page, StoreError};

/// Seqs removed by one command, so that it ends long before its time is over.
const REMOVE_SLICE: Seq = 5_000;

#[async_trait]
impl MessageStore for MongoStore {
    async fn insert(&self, events: &[Event]) -> Result<Vec<Inserted>, StoreError> {
        let documents = events.iter().map(message).collect::<Result<Vec<_>, _>>();
        let documents = documents.map_err(|error| StoreError::Refused(error.to_string()))?;
        self.insert_all(cstr!("messages"), &documents).await
    }

    async fn event(&self, group: &GroupId, seq: Seq) -> Result<Option<Event>, StoreError> {
        let filter = self.of_group(group, message_id(group, seq));
        let found = self.find_one(&self.messages, filter).await?;
        found.map(|document| event(&document)).transpose()
    }

    async fn event_by_cid(&self, group: &GroupId, from: &UserId, cid: &Cid) -> Result<Option<Event>, StoreError> {
        let filter = doc! { "group": group.as_str(), "from": from.as_str(), "cid": cid.as_str() };
        let found = self.find_one(&self.messages, filter).await?;
        let Some(found) = found.map(|document| event(&document)).transpose()? else { return Ok(None) };
        // Read after it: a life that began meanwhile has nothing of before.
        Ok((found.seq > self.base_of(group).await?).then_some(found))
    }

    async fn events(&self, ids: &[(GroupId, Seq)]) -> Result<Vec<Event>, StoreError> {
        let mut by_group: BTreeMap<&GroupId, Vec<Seq>> = BTreeMap::new();
        for (group, seq) in ids {
            by_group.entry(group).or_default().push(*seq);
        }
        let mut found = Vec::with_capacity(ids.len());
        for (group, seqs) in by_group {
            found.extend(self.messages_under(group, &seqs).await?);
        }
        Ok(found)
    }

    async fn page(&self, group: &GroupId, page: Page) -> Result<Vec<Event>, StoreError> {
        let ids = |from, to| self.of_group(group, between(group, from, to));
        let (filter, sort, limit) = match page {
            Page::Before(seq, limit) => (ids(0, seq), doc! { "_id": -1 }, limit),
            Page::After(seq, limit) => (ids(seq.saturating_add(1), Seq::MAX), doc! { "_id": 1 }, limit),
            Page::Shown(number, limit) => {
                let places = doc! { "group": group.as_str(), "place": { "$lt": int(number) } };
                (places, doc! { "place": -1 }, limit)
            }
        };
        let found = self.find(&self.messages, filter, sort, 0, limit).await?;
        let mut events: Vec<Event> = found.iter().map(|document| event(document)).collect::<Result<_, _>>()?;
        if !matches!(page, Page::After(..)) {
            events.reverse();
        }
        Ok(events)
    }

    async fn apply_effects(&self, effects: &[Effect]) -> Result<(), StoreError> {
        self.apply_changes(effects).await
    }

    async fn clear_rows(&self, deleted: &[(GroupId, Seq)]) -> Result<(), StoreError> {
        for (group, seq) in deleted {
            self.remove_rows_of(group, *seq).await?;
        }
        Ok(())
    }

    async fn pins(&self, group: &GroupId, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.pinned(group, limit).await
    }

    async fn replies(&self, group: &GroupId, target: Seq, page: Page) -> Result<Vec<Event>, StoreError> {
        self.replies_to(group, target, page).await
    }

    async fn head(&self, group: &GroupId) -> Result<Head, StoreError> {
        let newest = self.page(group, Page::Before(Seq::MAX, 1)).await?;
        Ok(newest.first().map_or_else(Head::default, Event::head))
    }

    async fn all_messages(&self, page: usize, per_page: usize) -> Result<Vec<Event>, StoreError> {
        let skip = (page as u64).saturating_mul(per_page as u64);
        let sort = doc! { "time": -1, "_id": -1 };
        let filter = doc! { "from": { "$ne": UserId::probe().as_str() } };
        let found = self.find(&self.messages, filter, sort, skip, per_page).await?;
        found.iter().map(|document| event(document)).collect()
    }

    async fn expire(&self, group: &GroupId, before: Millis) -> Result<u64, StoreError> {
        let head = self.head(group).await?.seq;
        let mut filter = self.of_group(group, between(group, 0, Seq::MAX));
        filter.insert("time", doc! { "$gte": before });
        let young = self.find(&self.messages, filter, doc! { "_id": 1 }, 0, 1).await?;
        let kept = match young.first() {
            Some(document) => read::<MessageDocument>(document)?.seq.min(head),
            None => head,
        };
        let raise = doc! { "$max": { "first": int(kept) } };
        if kept > 0 {
            self.within(self.groups.update_one(doc! { "_id": group.as_str() }, raise)).await?;
        }
        self.remove_below(group, kept).await
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Removes a group's events below a seq, oldest first, in slices.
    pub(super) async fn remove_below(&self, group: &GroupId, end: Seq) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let rest = self.of_group(group, between(group, 0, end));
            let oldest = self.find(&self.messages, rest, doc! { "_id": 1 }, 0, 1).await?;
            let Some(oldest) = oldest.first() else {
                // Those of messages that went before, by effects that came late, as well.
                self.remove_rows(group, 0, end).await?;
                return Ok(removed);
            };
            let from = read::<MessageDocument>(oldest)?.seq;
            let to = from.saturating_add(REMOVE_SLICE).min(end);
            let slice = self.of_group(group, between(group, from, to));
            removed += self.within(self.messages.delete_many(slice)).await?.deleted_count;
            self.remove_rows(group, from, to).await?;
        }
    }

    /// Removes the rows about a group's events from a seq on, up to another.
    async fn remove_rows(&self, group: &GroupId, from: Seq, to: Seq) -> Result<(), StoreError> {
        for rows in [&self.pins, &self.edits, &self.reactions, &self.replies] {
            let slice = self.of_group(group, between(group, from, to));
            self.within(rows.delete_many(slice)).await?;
        }
        self.forget_mentions(group, from, to).await
    }
}
