//! One bulk insert, and what became of each entry.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::RETRY;
use super::check::EffectChecker;
use super::owned::Owned;
use super::settled::{Fate, Open, Settled, Verdict, void_for};
use crate::domain::{Event, GroupId, Head, Seq, now_ms};
use crate::hub::codec::event_of;
use crate::hub::metrics::Stage;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::ports::{GroupStore, Inserted, Log, LogEntry, MessageStore, Page, Partition, Reseq, Sequencer, StoreError};

/// Stores entries.
pub(crate) struct Inserter {
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
    log: Arc<dyn Log>,
    sequencer: Arc<dyn Sequencer>,
    checker: EffectChecker,
    owned: Arc<Owned>,
    metrics: PipelineMetrics,
}

// === impl Inserter ===

impl Inserter {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        log: Arc<dyn Log>,
        sequencer: Arc<dyn Sequencer>,
        owned: Arc<Owned>,
        metrics: PipelineMetrics,
        checker: EffectChecker,
    ) -> Self {
        Self { messages, documents, log, sequencer, checker, owned, metrics }
    }

    /// Stores entries until each is settled, or its partition is no longer ours. Keeps the order.
    pub(super) async fn settle(&self, entries: Vec<(Partition, LogEntry)>) -> Vec<Settled> {
        let started = Instant::now();
        let mut slots: Vec<Option<Settled>> = Vec::new();
        slots.resize_with(entries.len(), || None);
        let mut open = Vec::with_capacity(entries.len());
        for (slot, (partition, entry)) in entries.into_iter().enumerate() {
            // Bodies of later versions wait at the door; what else cannot be read is damaged, and nobody can ever read
            // it.
            let (event, fate) = match event_of(&entry) {
                Some(event) => (event, Fate::Stored),
                None => (void_for(&entry), Fate::Refused),
            };
            if entry.from.is_passing_probe() {
                slots[slot] = Some(Settled { partition, entry, event: Some(event), fate: Fate::Stored });
            } else {
                open.push((slot, Open { partition, event, entry, fate, checked: false }));
            }
        }
        let mut retry = RETRY;
        loop {
            open.retain(|(_, one)| self.owned.holds(one.partition));
            if open.is_empty() {
                break;
            }
            let before = open.len();
            open = self.settle_once(open, &mut slots).await;
            if open.len() == before {
                retry.pause().await;
            } else {
                retry.reset();
            }
        }
        self.metrics.common.took(Stage::Store, started.elapsed().as_secs_f64());
        // A slot is empty only where the partition was lost, and with it all that was to follow.
        slots.into_iter().flatten().collect()
    }

    async fn settle_once(&self, mut open: Vec<(usize, Open)>, slots: &mut [Option<Settled>]) -> Vec<(usize, Open)> {
        let (waiting, outcomes) = match self.insert_checked(&mut open).await {
            Ok(done) => done,
            Err(error) => {
                tracing::warn!(%error, waiting = open.len(), "messages wait to be stored");
                return open;
            }
        };
        self.owned.progress.fetch_add(1, Ordering::Relaxed);
        let mut still_open = Vec::new();
        let mut outcomes = outcomes.into_iter();
        for (at, (slot, mut one)) in open.into_iter().enumerate() {
            if waiting.contains(&at) {
                still_open.push((slot, one));
                continue;
            }
            let Some(outcome) = outcomes.next() else {
                still_open.push((slot, one));
                continue;
            };
            let verdict = match outcome {
                Inserted::Stored => {
                    self.metrics.count_stored(one.event.kind);
                    Verdict::Done(Some(one.event.clone()), one.fate.clone())
                }
                Inserted::Duplicate => self.look_up(&one).await.unwrap_or(Verdict::Later),
                Inserted::Refused(why) => self.refused(&one, &why).await,
                Inserted::Unknown(why) => {
                    tracing::debug!(why, "an insert is to be repeated");
                    Verdict::Later
                }
            };
            match verdict {
                Verdict::Done(event, fate) => {
                    slots[slot] = Some(Settled { partition: one.partition, entry: one.entry, event, fate });
                }
                Verdict::Instead(event, fate) => {
                    (one.event, one.fate) = (event, fate);
                    still_open.push((slot, one));
                }
                Verdict::Later => still_open.push((slot, one)),
            }
        }
        still_open
    }

    /// Inserts what is in order, and answers what became of each; but for those that must wait, by position.
    async fn insert_checked(&self, open: &mut [(usize, Open)]) -> Result<(BTreeSet<usize>, Vec<Inserted>), StoreError> {
        let waiting = self.checker.check_effects(open).await?;
        let in_turn = open.iter().enumerate().filter(|(at, _)| !waiting.contains(at));
        let events: Vec<Event> = in_turn.map(|(_, (_, one))| one.event.clone()).collect();
        let outcomes = self.messages.insert(&events).await?;
        Ok((waiting, outcomes))
    }

    /// After a duplicate key the document under (group, seq) says what happened.
    async fn look_up(&self, one: &Open) -> Result<Verdict, StoreError> {
        let (group, entry) = (&one.entry.group, &one.entry);
        if let Some(there) = self.messages.event(group, entry.seq).await? {
            if there.from == entry.from && there.cid == entry.cid {
                return Ok(Verdict::Done(Some(there), Fate::Stored));
            }
            if one.fate != Fate::Stored {
                // A void was wanted, and something is there: as good.
                return Ok(Verdict::Done(Some(there), one.fate.clone()));
            }
            return self.collided(one, there).await;
        }
        let stored = self.messages.event_by_cid(group, &entry.from, &entry.cid).await?;
        Ok(match stored {
            Some(first) => {
                self.metrics.voids.inc();
                Verdict::Instead(void_for(entry), Fate::StoredBefore(Box::new(first)))
            }
            None => {
                // It may be one of an earlier life, stored after that was deleted, that has the cid.
                self.documents.sweep_group(group).await?;
                Verdict::Later
            }
        })
    }

    /// Another event has the entry's seq: Redis lost its tail, or the seq was found to be nobody's.
    async fn collided(&self, one: &Open, there: Event) -> Result<Verdict, StoreError> {
        let entry = &one.entry;
        let stored = self.messages.event_by_cid(&entry.group, &entry.from, &entry.cid).await?;
        if let Some(first) = stored {
            return Ok(Verdict::Done(Some(there), Fate::StoredBefore(Box::new(first))));
        }
        let floor = self.messages.head(&entry.group).await?;
        let Some(token) = self.owned.token(one.partition) else { return Ok(Verdict::Later) };
        let reseq = Reseq { partition: one.partition, token, entry: entry.clone(), floor };
        match self.log.reseq(&reseq).await {
            Ok(()) => {
                self.metrics.resequenced.inc();
                tracing::debug!(group = %entry.group, seq = entry.seq, above = floor.seq, "gave an entry a new seq");
                Ok(Verdict::Done(Some(there), Fate::Moved))
            }
            Err(error) => {
                tracing::warn!(%error, "an entry is to be given a new seq");
                Ok(Verdict::Later)
            }
        }
    }

    async fn refused(&self, one: &Open, why: &str) -> Verdict {
        tracing::error!(group = %one.entry.group, seq = one.entry.seq, why, "the store refused a message");
        let entry = &one.entry;
        let forgotten = self.sequencer.forget_cid(one.partition, &entry.group, &entry.from, &entry.cid).await;
        if forgotten.is_err() {
            return Verdict::Later;
        }
        self.metrics.voids.inc();
        Verdict::Instead(void_for(entry), Fate::Refused)
    }

    /// What is stored of a hole, from its first seq on; where nothing is, its first seq becomes a void. `None` when the
    /// store cannot say.
    pub(super) async fn fill(&self, group: &GroupId, next: Seq, upto: Seq) -> Option<Vec<Event>> {
        let missing = usize::try_from(upto - next + 1).unwrap_or(usize::MAX).min(1_000);
        let found = self.messages.page(group, Page::After(next - 1, missing)).await.ok()?;
        let found: Vec<Event> = found.into_iter().take_while(|event| event.seq <= upto).collect();
        let dense = found.iter().zip(next..).take_while(|(event, seq)| event.seq == *seq).count();
        let mut events: Vec<Event> = found.into_iter().take(dense).collect();
        if events.is_empty() {
            events.push(self.store_void(group, next).await?);
        }
        Some(events)
    }

    /// Stores a void under a seq that is nobody's. What is there afterwards: the void, or what came
    /// to be there meanwhile. `None` when the store cannot say.
    async fn store_void(&self, group: &GroupId, seq: Seq) -> Option<Event> {
        let before = if seq > 1 { self.messages.event(group, seq - 1).await.ok()? } else { None };
        let below = match before {
            Some(event) => event.head(),
            // The first of the group's life.
            None => {
                self.documents.group(group).await.ok()?.map_or_else(Head::default, |group| group.base.head(now_ms()))
            }
        };
        let void = Event::void(group.clone(), Head { seq, ..below });
        match self.messages.insert(std::slice::from_ref(&void)).await.ok()?.first()? {
            Inserted::Stored => {
                self.metrics.voids.inc();
                Some(void)
            }
            _ => self.messages.event(group, seq).await.ok()?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::pipeline::effects::EffectRules;
    use crate::hub::pipeline::owner::order::tests::entry;
    use crate::hub::testing::{MemoryLog, MemoryStore, metrics, text};
    use crate::ports::LeaseToken;

    fn make_inserter(store: &Arc<MemoryStore>, owned: &Arc<Owned>) -> Inserter {
        let log = Arc::<MemoryLog>::default();
        let checker = EffectChecker::new(store.clone(), store.clone(), EffectRules::default());
        let (messages, documents, metrics) = (store.clone(), store.clone(), metrics().pipeline);
        Inserter::new(messages, documents, log.clone(), log, owned.clone(), metrics, checker)
    }

    #[tokio::test(start_paused = true)]
    async fn each_entry_is_settled_by_what_the_store_holds_then() {
        let (store, group, owned) = (Arc::<MemoryStore>::default(), GroupId::random(), Arc::<Owned>::default());
        owned.take_up(0, LeaseToken::random());
        let inserter = make_inserter(&store, &owned);
        let (fresh, taken) = (entry(&group, 1, 0), entry(&group, 2, 0));
        store.put([text(&group, 2, "anna")]);
        let entries = [fresh.clone(), taken, fresh].map(|entry| (0, entry)).to_vec();
        let fates: Vec<_> = inserter.settle(entries).await.into_iter().map(|one| one.fate).collect();
        assert_eq!(fates, [Fate::Stored, Fate::Moved, Fate::Stored], "the same once more is stored too");

        assert_eq!(inserter.fill(&group, 3, 4).await.unwrap()[0].seq, 3, "nobody's becomes a void");
        owned.lose(0, &owned.token(0).unwrap());
        assert!(inserter.settle(vec![(0, entry(&group, 5, 0))]).await.is_empty());
    }
}
