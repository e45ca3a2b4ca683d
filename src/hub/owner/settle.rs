//! One bulk insert, and what became of each entry.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::{Hub, Owned, RETRY};
use crate::domain::{Code, Event, GroupId, Head, Kind, Mark, MembershipChange, Seq, UserId, now_ms};
use crate::hub::codec::event_of;
use crate::hub::metrics::Stage;
use crate::ports::{Inserted, LogEntry, Partition, Reseq, StoreError};

/// Before a group is given an admin again whom the store refused.
const SUCCESSOR_AFTER: Duration = Duration::from_secs(1);

/// An entry whose seq is settled in the store.
pub(crate) struct Settled {
    pub(crate) partition: Partition,
    pub(crate) entry: LogEntry,
    /// What is stored under the entry's seq; `None` when the entry moved to another seq and what
    /// is there was told before.
    pub(crate) event: Option<Event>,
    pub(crate) fate: Fate,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fate {
    /// It is what is stored under its seq.
    Stored,
    /// Its send was stored before, as this event under another seq; its own became a void.
    StoredBefore(Box<Event>),
    /// The store refuses it for good; its seq became a void.
    Refused,
    /// Another event has its seq; it comes again under a new one.
    Moved,
}

/// An entry that is not settled yet, and what is tried to be stored for it.
pub(super) struct Open {
    partition: Partition,
    entry: LogEntry,
    pub(super) event: Event,
    fate: Fate,
    /// Whether what it does to others was found to be in order.
    pub(super) checked: bool,
}

/// What a look at the store says of a duplicate key.
enum Verdict {
    Done(Option<Event>, Fate),
    /// Try again with this in its place.
    Instead(Event, Fate),
    /// Not visible yet: look again later.
    Later,
}

// === impl Open ===

impl Open {
    /// Whether it does nothing to others that this version knows of, or was found to be in order.
    pub(super) fn is_checked(&self) -> bool {
        self.checked || self.event.traits.fx == 0 || self.event.kind.row().is_none()
    }

    /// Puts a void in its place that says why to whoever sent it, now and at every repeat.
    pub(super) fn refuse(&mut self, code: Code) {
        self.event = self.event.clone().refused(code);
    }
}

// === impl Settled ===

impl Settled {
    /// What is stored of it: under its seq, and under that of an earlier try.
    pub(super) fn stored(&self) -> impl Iterator<Item = &Event> {
        let before = match &self.fate {
            Fate::StoredBefore(first) => Some(&**first),
            _ => None,
        };
        self.event.iter().chain(before)
    }

    /// Whether the backplane's state of the group cannot be the store's: the seq was given twice (it lost
    /// its tail), or its member set has a change that became a void.
    fn is_astray(&self) -> bool {
        match self.fate {
            Fate::Stored => false,
            Fate::Moved => true,
            Fate::StoredBefore(_) | Fate::Refused => {
                let anothers = self.event.as_ref().is_some_and(|event| event.kind != Kind::Void);
                anothers || !self.entry.users.is_empty()
            }
        }
    }

    /// Whether it was to give a group an admin, and the store refused it. The group is given one again, which the
    /// store may refuse again: not as fast as it can.
    fn is_refused_successor(&self) -> bool {
        self.fate == Fate::Refused && self.entry.kind == Kind::Role && self.entry.from == UserId::hub()
    }
}

impl Hub {
    /// Stores entries until each is settled, or its partition is no longer ours. Keeps the order.
    pub(crate) async fn settle_entries(
        self: &Arc<Self>,
        owned: &Owned,
        entries: Vec<(Partition, LogEntry)>,
    ) -> Vec<Settled> {
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
            open.retain(|(_, one)| owned.holds(one.partition));
            if open.is_empty() {
                break;
            }
            let before = open.len();
            open = self.settle_once(open, &mut slots, owned).await;
            if open.len() == before {
                retry.pause().await;
            } else {
                retry.reset();
            }
        }
        self.metrics.took(Stage::Store, started.elapsed().as_secs_f64());
        // A slot is empty only where the partition was lost, and with it all that was to follow.
        let settled: Vec<Settled> = slots.into_iter().flatten().collect();
        self.apply_effects(owned, &settled).await;
        let settled = self.apply_changes(owned, settled).await;
        self.mend_states(&settled);
        settled
    }

    /// Where the backplane's state of a group turns out not to be the store's, it is made so.
    fn mend_states(self: &Arc<Self>, settled: &[Settled]) {
        let mut diverged: HashMap<GroupId, (Vec<UserId>, Duration)> = HashMap::new();
        for one in settled.iter().filter(|one| one.is_astray()) {
            let (users, pause) = diverged.entry(one.entry.group.clone()).or_default();
            users.extend(one.entry.users.iter().cloned());
            if one.is_refused_successor() {
                *pause = SUCCESSOR_AFTER;
            }
        }
        for (group, (users, pause)) in diverged {
            let hub = self.clone();
            self.spawn(async move {
                tokio::time::sleep(pause).await;
                hub.reconcile(&group, &users).await;
            });
        }
    }

    async fn settle_once(
        &self,
        mut open: Vec<(usize, Open)>,
        slots: &mut [Option<Settled>],
        owned: &Owned,
    ) -> Vec<(usize, Open)> {
        let (waiting, outcomes) = match self.insert_checked(&mut open).await {
            Ok(done) => done,
            Err(error) => {
                tracing::warn!(%error, waiting = open.len(), "messages wait to be stored");
                return open;
            }
        };
        owned.progress.fetch_add(1, Ordering::Relaxed);
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
                Inserted::Stored => Verdict::Done(Some(one.event.clone()), one.fate.clone()),
                Inserted::Duplicate => self.look_up(&one, owned).await.unwrap_or(Verdict::Later),
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
        let waiting = self.check_effects(open).await?;
        let in_turn = open.iter().enumerate().filter(|(at, _)| !waiting.contains(at));
        let events: Vec<Event> = in_turn.map(|(_, (_, one))| one.event.clone()).collect();
        let outcomes = self.store.insert(&events).await?;
        Ok((waiting, outcomes))
    }

    /// After a duplicate key the document under (group, seq) says what happened.
    async fn look_up(&self, one: &Open, owned: &Owned) -> Result<Verdict, StoreError> {
        let (group, entry) = (&one.entry.group, &one.entry);
        if let Some(there) = self.store.event(group, entry.seq).await? {
            if there.from == entry.from && there.cid == entry.cid {
                return Ok(Verdict::Done(Some(there), Fate::Stored));
            }
            if one.fate != Fate::Stored {
                // A void was wanted, and something is there: as good.
                return Ok(Verdict::Done(Some(there), one.fate.clone()));
            }
            return self.collided(one, there, owned).await;
        }
        let stored = self.store.event_by_cid(group, &entry.from, &entry.cid).await?;
        Ok(match stored {
            Some(first) => {
                self.metrics.voids.inc();
                Verdict::Instead(void_for(entry), Fate::StoredBefore(Box::new(first)))
            }
            None => {
                // It may be one of an earlier life, stored after that was deleted, that has the cid.
                self.store.sweep_group(group).await?;
                Verdict::Later
            }
        })
    }

    /// Another event has the entry's seq: Redis lost its tail, or the seq was found to be nobody's.
    async fn collided(&self, one: &Open, there: Event, owned: &Owned) -> Result<Verdict, StoreError> {
        let entry = &one.entry;
        let stored = self.store.event_by_cid(&entry.group, &entry.from, &entry.cid).await?;
        if let Some(first) = stored {
            return Ok(Verdict::Done(Some(there), Fate::StoredBefore(Box::new(first))));
        }
        let floor = self.store.head(&entry.group).await?;
        let Some(token) = owned.token(one.partition) else { return Ok(Verdict::Later) };
        let reseq = Reseq { partition: one.partition, token, entry: entry.clone(), floor };
        match self.backplane.reseq(&reseq).await {
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
        let forgotten = self.backplane.forget_cid(one.partition, &entry.group, &entry.from, &entry.cid).await;
        if forgotten.is_err() {
            return Verdict::Later;
        }
        self.metrics.voids.inc();
        Verdict::Instead(void_for(entry), Fate::Refused)
    }

    /// Stores a void under a seq that is nobody's. What is there afterwards: the void, or what came
    /// to be there meanwhile. `None` when the store cannot say.
    pub(crate) async fn store_void(&self, group: &GroupId, seq: Seq) -> Option<Event> {
        let before = if seq > 1 { self.store.event(group, seq - 1).await.ok()? } else { None };
        let below = match before {
            Some(event) => event.head(),
            // The first of the group's life.
            None => self.store.group(group).await.ok()?.map_or_else(Head::default, |group| group.base.head(now_ms())),
        };
        let void = Event::void(group.clone(), Head { seq, ..below });
        match self.store.insert(std::slice::from_ref(&void)).await.ok()?.first()? {
            Inserted::Stored => {
                self.metrics.voids.inc();
                Some(void)
            }
            _ => self.store.event(group, seq).await.ok()?,
        }
    }

    /// Brings documents up to the membership events among what was stored, before anybody sees them.
    async fn apply_changes(&self, owned: &Owned, settled: Vec<Settled>) -> Vec<Settled> {
        let mut kept = Vec::with_capacity(settled.len());
        let mut lost = BTreeSet::new();
        for one in settled {
            let change = one.event.as_ref().and_then(|event| Some((event.clone(), event.membership()?)));
            if let Some((event, change)) = change {
                let mut retry = RETRY;
                while owned.holds(one.partition) && !self.apply_change(&event, &change).await {
                    retry.pause().await;
                }
            }
            if owned.holds(one.partition) {
                kept.push(one);
            } else {
                lost.insert(one.entry.group);
            }
        }
        self.remove_ended(lost.into_iter()).await;
        kept
    }

    async fn apply_change(&self, event: &Event, change: &MembershipChange) -> bool {
        let applied = self.store.apply_membership(&event.group, event.seq, change).await;
        let marked = match change {
            // Whoever joins has read what was said before.
            MembershipChange::Joined(users, _) => self.store.raise_marks(&joining_marks(event, users)).await,
            _ => Ok(()),
        };
        let outcomes = [applied, marked].map(|outcome| self.is_applied(event, outcome));
        outcomes.into_iter().all(|applied| applied)
    }

    /// Whether no more can be done for a change. What the store refuses once it refuses always: everybody else
    /// must not wait for it.
    fn is_applied(&self, event: &Event, outcome: Result<(), StoreError>) -> bool {
        let Err(error) = outcome else { return true };
        let (group, seq) = (&event.group, event.seq);
        match error {
            StoreError::Refused(why) => {
                self.metrics.refused_changes.inc();
                tracing::error!(%group, seq, why, "the store refused a membership change");
                true
            }
            StoreError::Unreachable(why) => {
                tracing::warn!(%group, seq, why, "a membership change waits to be applied");
                false
            }
        }
    }
}

fn joining_marks(event: &Event, users: &[UserId]) -> Vec<(UserId, GroupId, Mark)> {
    let mark = Mark { read: event.seq, n: event.n, delivered: event.seq };
    users.iter().map(|user| (user.clone(), event.group.clone(), mark)).collect()
}

/// A void in the place of an entry; it keeps what it replaced.
fn void_for(entry: &LogEntry) -> Event {
    let mut void = Event::void(entry.group.clone(), entry.head());
    let mut replaced = crate::domain::Data::new();
    replaced.insert("from".into(), entry.from.as_str().into());
    replaced.insert("cid".into(), entry.cid.as_str().into());
    void.data = Some(replaced);
    void
}
