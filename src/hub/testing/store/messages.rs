//! Messages in memory.

use std::sync::atomic::Ordering::Relaxed;

use async_trait::async_trait;

use super::{Answer, MemoryStore};
use crate::domain::{Cid, Effect, Event, GroupId, Head, Millis, Seq, UserId};
use crate::ports::{Inserted, MessageStore, Page, StoreError};

#[async_trait]
impl MessageStore for MemoryStore {
    async fn insert(&self, events: &[Event]) -> Answer<Vec<Inserted>> {
        let mut answers = Vec::new();
        for event in events {
            let taken = self.all(&event.group).iter().any(|there| there.seq == event.seq || there.same_send(event));
            if !taken {
                self.put([event.clone()]);
            }
            answers.push(if taken { Inserted::Duplicate } else { Inserted::Stored });
        }
        self.answer(answers)
    }

    async fn event(&self, group: &GroupId, seq: Seq) -> Answer<Option<Event>> {
        self.answer(self.events.lock().get(&(group.clone(), seq)).cloned())
    }

    async fn event_by_cid(&self, group: &GroupId, from: &UserId, cid: &Cid) -> Answer<Option<Event>> {
        self.answer(self.all(group).into_iter().find(|event| event.from == *from && event.cid == *cid))
    }

    async fn events(&self, ids: &[(GroupId, Seq)]) -> Answer<Vec<Event>> {
        self.note("events");
        let events = self.events.lock();
        self.answer(ids.iter().filter_map(|id| events.get(id).cloned()).collect())
    }

    async fn page(&self, group: &GroupId, page: Page) -> Answer<Vec<Event>> {
        self.note("page");
        let all = self.all(group).into_iter();
        let newest = |found: Vec<Event>, limit: usize| found[found.len().saturating_sub(limit)..].to_vec();
        let found = match page {
            Page::After(after, limit) => all.filter(|event| event.seq > after).take(limit).collect(),
            Page::Before(before, limit) => newest(all.filter(|event| event.seq < before).collect(), limit),
            Page::Shown(number, limit) => {
                newest(all.filter(|event| event.traits.shown && event.shown < number).collect(), limit)
            }
        };
        self.late(found).await
    }

    async fn apply_effects(&self, effects: &[Effect]) -> Answer<()> {
        if self.refuses_effects.load(Relaxed) {
            return Err(StoreError::Refused("no effects".into()));
        }
        self.effects.lock().extend(effects.iter().cloned());
        let mut events = self.events.lock();
        for effect in effects {
            let target = events.get_mut(&(effect.group.clone(), effect.target));
            target.into_iter().for_each(|target| target.apply(&effect.change));
        }
        drop(events);
        self.answer(())
    }

    async fn clear_rows(&self, deleted: &[(GroupId, Seq)]) -> Answer<()> {
        self.cleared.lock().extend(deleted.iter().cloned());
        self.answer(())
    }

    async fn pins(&self, group: &GroupId, limit: usize) -> Answer<Vec<Event>> {
        let pinned = self.all(group).into_iter().rev().filter(|event| event.text.is_some());
        self.answer(pinned.take(limit).collect())
    }

    async fn replies(&self, group: &GroupId, target: Seq, page: Page) -> Answer<Vec<Event>> {
        let about = Some(group.event_id(target));
        let all = self.page(group, page).await?;
        self.answer(all.into_iter().filter(|event| event.reference == about).collect())
    }

    async fn head(&self, group: &GroupId) -> Answer<Head> {
        self.note("head");
        self.answer(self.all(group).last().map(Event::head).unwrap_or_default())
    }

    async fn all_messages(&self, page: usize, per_page: usize) -> Answer<Vec<Event>> {
        let events = self.events.lock();
        self.answer(events.values().rev().skip(page * per_page).take(per_page).cloned().collect())
    }

    async fn expire(&self, group: &GroupId, before: Millis) -> Answer<u64> {
        self.answer(())?;
        self.expired.lock().push((group.clone(), before));
        let mut events = self.events.lock();
        let count = events.len();
        let newest = events.keys().filter(|(of, _)| of == group).map(|(_, seq)| *seq).max();
        events.retain(|(of, seq), event| of != group || event.time >= before || Some(*seq) == newest);
        Ok((count - events.len()) as u64)
    }
}
