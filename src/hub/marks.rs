//! Read marks: raised, kept, and shown to the others. They never go back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Hub;
use super::codec::PeerEvent;
use super::config::SMALL_GROUP;
use super::handle::SessionHandle;
use crate::domain::{Event, GroupId, Mark, Refusal, Seq, UserId};
use crate::kernel::Delayed;
use crate::protocol::{ServerFrame, pushes};

type MarkKey = (UserId, GroupId);

/// How often what is due is written: little at a time, so that messages need not wait behind it.
const WRITE_EVERY: Duration = Duration::from_millis(250);
/// How often receipts are told.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// Users whose marks are written with one call.
const WRITTEN_TOGETHER: usize = 500;

/// Marks that are raised and wait to be written together.
#[derive(Default)]
pub(crate) struct Marks {
    /// By user, since the store keeps them so.
    waiting: Mutex<Delayed<UserId, HashMap<GroupId, Mark>>>,
    /// Receipts that wait to be told together.
    receipts: DashMap<MarkKey, (Seq, Seq)>,
}

// === impl Marks ===

impl Marks {
    fn raise(&self, user: &UserId, group: &GroupId, mark: Mark, after: Duration) {
        let mut waiting = self.waiting.lock();
        let entry = waiting.entry(user, after).entry(group.clone()).or_default();
        *entry = entry.max(mark);
    }

    /// The user has left: what is known here, another node may be asked for next.
    pub(crate) fn hasten(&self, user: &UserId) {
        self.waiting.lock().hasten(user);
    }

    /// The mark as far as this node knows it: what is stored, and what waits to be.
    pub(crate) fn latest(&self, user: &UserId, group: &GroupId, stored: &HashMap<GroupId, Mark>) -> Mark {
        let stored = stored.get(group).copied().unwrap_or_default();
        let waiting = self.waiting.lock();
        let waiting = waiting.get(user).and_then(|marks| marks.get(group)).copied().unwrap_or_default();
        stored.max(waiting)
    }

    fn receipt(&self, user: &UserId, group: &GroupId, read: Seq, delivered: Seq) {
        let mut entry = self.receipts.entry((user.clone(), group.clone())).or_default();
        *entry = (entry.0.max(read), entry.1.max(delivered));
    }
}

impl Hub {
    /// Whoever sends has read what was before.
    pub(crate) fn read_by_sending(&self, event: &Event) {
        // What is not shown is said without a look at what was.
        if event.from.is_reserved() || !event.traits.shown {
            return;
        }
        let mark = Mark { read: event.seq, n: event.n, delivered: event.seq };
        self.marks.raise(&event.from, &event.group, mark, self.config.marks_every);
    }

    /// A session read up to a seq (at most the head). Stored when this returns.
    pub(crate) async fn read(&self, session: &SessionHandle, id: &GroupId, seq: Seq) -> Result<(), Refusal> {
        let Some(group) = self.groups.get(id).filter(|_| session.is_in(id)) else {
            return Err(Refusal::forbidden("you are not a member of this group"));
        };
        let (head, at_hand) = {
            let state = group.state.lock();
            let head = state.position.at().unwrap_or_default();
            (head, state.ring_event(seq.min(head.seq)).map(|event| event.n))
        };
        let seq = seq.min(head.seq);
        if seq == 0 {
            return Ok(());
        }
        let n = match at_hand {
            Some(n) => n,
            None if seq == head.seq => head.n,
            None => {
                let event = self.store.event(id, seq).await?;
                // Removed by retention: it counts nothing, the seq is kept.
                event.map_or(0, |event| event.n)
            }
        };
        let mark = Mark { read: seq, n, delivered: seq };
        let raised = [(session.user.clone(), id.clone(), mark)];
        self.store.raise_marks(&raised).await?;
        self.marks.receipt(&session.user, id, seq, seq);
        Ok(())
    }

    /// What a device says that it holds.
    pub(crate) fn delivered_marks(&self, session: &SessionHandle, cursors: HashMap<GroupId, Seq>) {
        for (id, seq) in cursors.into_iter().filter(|(id, _)| session.is_in(id)) {
            let Some(group) = self.groups.get(&id) else { continue };
            let head = group.state.lock().position.at().map_or(0, |at| at.seq);
            let delivered = seq.min(head);
            let mark = Mark { read: 0, n: 0, delivered };
            self.marks.raise(&session.user, &id, mark, self.config.marks_every);
            self.marks.receipt(&session.user, &id, 0, delivered);
        }
    }

    /// Writes marks and departures and tells receipts now and then, for as long as the node runs.
    pub(crate) async fn run_marks(self: Arc<Self>) {
        let mut write = tokio::time::interval(WRITE_EVERY);
        write.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut tell = tokio::time::interval(TELL_EVERY);
        loop {
            tokio::select! {
                _ = write.tick() => {
                    self.write_marks(Instant::now()).await;
                    self.write_departures(Instant::now()).await;
                }
                _ = tell.tick() => self.tell_receipts().await,
            }
        }
    }

    /// Writes everything that waits.
    pub(crate) async fn write_all_marks(&self) {
        let all = Instant::now() + self.config.marks_every;
        self.write_marks(all).await;
        self.write_departures(all).await;
    }

    /// Writes what is due at a moment; what cannot be written waits on.
    async fn write_marks(&self, due: Instant) {
        loop {
            let users = self.marks.waiting.lock().take_due(due, WRITTEN_TOGETHER);
            if users.is_empty() {
                return;
            }
            let of_user = |(user, marks): (UserId, HashMap<GroupId, Mark>)| {
                marks.into_iter().map(move |(group, mark)| (user.clone(), group, mark))
            };
            let raised: Vec<_> = users.into_iter().flat_map(of_user).collect();
            if let Err(error) = self.store.raise_marks(&raised).await {
                tracing::debug!(%error, "read marks wait to be stored");
                let again = self.config.marks_every;
                raised.iter().for_each(|(user, group, mark)| self.marks.raise(user, group, *mark, again));
                return;
            }
        }
    }

    async fn tell_receipts(self: &Arc<Self>) {
        let keys: Vec<MarkKey> = self.marks.receipts.iter().map(|entry| entry.key().clone()).collect();
        for key in keys {
            let Some(((user, group), (read, delivered))) = self.marks.receipts.remove(&key) else { continue };
            let small = self.groups.get(&group).is_some_and(|local| {
                let state = local.state.lock();
                state.document.as_ref().is_some_and(|document| document.members.len() <= SMALL_GROUP)
            });
            if small {
                self.tell_group(&group, PeerEvent::Receipt { group: group.clone(), user, read, delivered }).await;
            }
        }
    }

    pub(crate) fn show_receipt(&self, id: &GroupId, user: &UserId, read: Seq, delivered: Seq) {
        let Some(group) = self.groups.get(id) else { return };
        let sessions = group.state.lock().sessions.clone();
        for session in sessions {
            session.send(&ServerFrame::Receipt(pushes::Receipt { group: id, user, read, delivered }));
        }
    }
}
