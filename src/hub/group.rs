//! A group as this node holds it: its position, its sessions here, and the fan-out to them.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::handle::SessionHandle;
use super::position::Position;
use crate::domain::{Effect, Event, Group, GroupId, Seq, SessionId, UserId};
use crate::ports::{Offered, Partition};
use crate::protocol::{Encoding, ServerFrame, WireEvent, encode};

/// Events kept for sessions that resume: enough for a short cut of the line in a busy group.
const RING_EVENTS: usize = 128;
/// The same in bytes of text.
const RING_BYTES: usize = 64 * 1024;

/// The groups that have sessions on this node.
#[derive(Default)]
pub(crate) struct LocalGroups {
    groups: DashMap<GroupId, Arc<LocalGroup>>,
}

/// One group on this node.
pub(crate) struct LocalGroup {
    pub(crate) id: GroupId,
    pub(crate) partition: Partition,
    pub(crate) state: Mutex<GroupState>,
    /// What comes next has come, for the task that catches up.
    pub(crate) stashed: Notify,
}

/// What the lock guards. Whoever holds it decides what every session here gets next.
#[derive(Default)]
pub(crate) struct GroupState {
    pub(crate) position: Position,
    /// A task is catching up; until it is done, arrivals only go to the stash.
    pub(crate) catching_up: bool,
    /// No longer what this node holds of the group: attach elsewhere.
    pub(crate) gone: bool,
    /// Which adding of the route is in force.
    pub(crate) generation: u64,
    pub(crate) sessions: Vec<Arc<SessionHandle>>,
    /// Those who asked to be attached and are not yet: the group stays for them.
    pub(crate) pins: usize,
    /// The group's document, brought up to the position by membership events.
    pub(crate) document: Option<Arc<Group>>,
    ring: Ring,
    /// The newest event that is shown, with its state.
    last: Option<Arc<Event>>,
}

/// The newest events, without a hole, ending at the position.
#[derive(Default)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

/// How a replay goes on from where it has come to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Onward {
    /// These come next; there are more.
    Page(Vec<Arc<Event>>),
    /// What comes next must be fetched: up to this seq, the position. What is stored beyond it may
    /// have holes still.
    Fetch(Seq),
    /// So many were the last; the session is among the live ones.
    Live(usize),
    /// The session is gone, or no longer in the group.
    Over,
}

// === impl LocalGroups ===

impl LocalGroups {
    pub(crate) fn get(&self, id: &GroupId) -> Option<Arc<LocalGroup>> {
        self.groups.get(id).map(|group| group.clone())
    }

    /// The group, made when it is not here, and pinned until [`LocalGroups::unpin`].
    pub(crate) fn pin(&self, id: &GroupId, partitions: u16) -> Arc<LocalGroup> {
        let partition = id.partition(partitions);
        let new =
            || Arc::new(LocalGroup { id: id.clone(), partition, state: Mutex::default(), stashed: Notify::new() });
        let mut entry = self.groups.entry(id.clone()).or_insert_with(new);
        if entry.state.lock().gone {
            *entry = new();
        }
        // Under the map's lock, so that `remove_if_unused` cannot come between.
        entry.state.lock().pins += 1;
        entry.clone()
    }

    /// Takes out a group that is gone, unless another has its place already.
    pub(crate) fn remove(&self, group: &Arc<LocalGroup>) {
        self.groups.remove_if(&group.id, |_, held| Arc::ptr_eq(held, group));
    }

    /// Undoes [`LocalGroups::pin`].
    pub(crate) fn unpin(&self, group: &LocalGroup) {
        let mut state = group.state.lock();
        state.pins = state.pins.saturating_sub(1);
    }

    /// Takes a group out that nobody here needs; answers the generation of its route. One that is
    /// being caught up with stays: somebody who is here may be about to join it.
    pub(crate) fn remove_if_unused(&self, id: &GroupId) -> Option<u64> {
        let removed = self.groups.remove_if(id, |_, group| {
            let mut state = group.state.lock();
            let unused = state.sessions.is_empty() && state.pins == 0 && !state.catching_up;
            state.gone |= unused;
            unused
        });
        removed.map(|(_, group)| group.state.lock().generation)
    }

    pub(crate) fn all(&self) -> Vec<Arc<LocalGroup>> {
        self.groups.iter().map(|group| group.clone()).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }
}

// === impl LocalGroup ===

impl LocalGroup {
    /// The last seq that was given out here; 0 until that is known.
    pub(crate) fn at(&self) -> Seq {
        self.state.lock().position.at().map_or(0, |at| at.seq)
    }
}

// === impl GroupState ===

impl GroupState {
    pub(crate) fn has(&self, session: &SessionId) -> bool {
        self.sessions.iter().any(|live| live.id == *session)
    }

    /// Where the group's present life begins, as far as is known here.
    pub(crate) fn base(&self) -> Seq {
        self.document.as_ref().map_or(0, |document| document.base.seq)
    }

    /// Whether the group's document, as far as it is known here, holds this user.
    pub(crate) fn has_member(&self, user: &UserId) -> bool {
        self.document.as_ref().is_some_and(|document| document.member(user).is_some())
    }

    pub(crate) fn detach(&mut self, session: &SessionId) {
        self.sessions.retain(|live| live.id != *session);
    }

    /// One step of a session's replay that has come to `sent`: what is next of what is at hand, in
    /// pages of so many. The last of it is sent here, and the session let in with the live ones, at
    /// one: no hole between, and nothing twice.
    pub(crate) fn go_on(&mut self, group: &GroupId, session: &Arc<SessionHandle>, sent: Seq, page: usize) -> Onward {
        if self.gone || !session.is_in(group) || session.is_over() {
            return Onward::Over;
        }
        let at = self.position.at().map_or(0, |at| at.seq);
        // Ahead of this node (its position will follow), or at it: live from here.
        let rest = if sent >= at { Some(Vec::new()) } else { self.ring_after(sent) };
        match rest {
            Some(rest) if rest.len() <= page => {
                if !rest.is_empty() {
                    session.offer(&frames_for(&rest, &session.user, session.encoding));
                }
                if !self.has(&session.id) {
                    self.sessions.push(session.clone());
                }
                Onward::Live(rest.len())
            }
            Some(mut rest) => {
                rest.truncate(page);
                Onward::Page(rest)
            }
            None => Onward::Fetch(at),
        }
    }

    /// The newest events after `seq`, when the ring reaches back to it.
    pub(crate) fn ring_after(&self, seq: Seq) -> Option<Vec<Arc<Event>>> {
        self.ring.after(seq)
    }

    pub(crate) fn ring_event(&self, seq: Seq) -> Option<Arc<Event>> {
        let first = self.ring.events.front()?.seq;
        self.ring.events.get(usize::try_from(seq.checked_sub(first)?).ok()?).cloned()
    }

    /// The newest event that is shown, where it is known here.
    pub(crate) fn last_event(&self) -> Option<Arc<Event>> {
        self.last.clone()
    }

    /// Where the ring ends.
    #[cfg(test)]
    pub(crate) fn ring_end(&self) -> Option<Seq> {
        self.ring.events.back().map(|event| event.seq)
    }

    /// Keeps the newest shown event, as it was read from the store while the position was at a seq: one that was read
    /// before the group moved on may lack what was done to it since. False when it is to be read again.
    pub(crate) fn seed_last(&mut self, event: Option<Event>, read_at: Seq) -> bool {
        if self.last.is_none() {
            if self.position.at().is_none_or(|at| at.seq != read_at) {
                return false;
            }
            self.last = event.map(Arc::new);
        }
        true
    }

    /// Puts the newest event of a group that begins here into the ring.
    pub(crate) fn seed_ring(&mut self, event: Arc<Event>) {
        if self.ring.events.is_empty() && self.position.at().is_some_and(|at| at.seq == event.seq) {
            self.ring.push(event.clone());
            if event.traits.shown {
                self.last = Some(event);
            }
        }
    }

    /// Gives events, which follow on the position, to every session here, and moves on. Answers
    /// how many (event, session) pairs that were.
    pub(crate) fn fan_out(&mut self, events: &[Arc<Event>]) -> u64 {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return 0 };
        debug_assert_eq!(self.position.at().map(|at| at.seq + 1), Some(first.seq));
        let mut shared = Shared::new(events);
        let mut delivered = 0;
        for session in &self.sessions {
            let bytes = if events.iter().any(|event| event.from == session.user) {
                frames_for(events, &session.user, session.encoding)
            } else {
                shared.bytes(session.encoding)
            };
            if session.offer(&bytes) != Offered::Closed {
                delivered += events.len() as u64;
            }
        }
        self.position.advance(last);
        for event in events {
            self.keep(event);
        }
        delivered
    }

    fn keep(&mut self, event: &Arc<Event>) {
        self.ring.push(event.clone());
        if event.traits.shown {
            self.last = Some(event.clone());
        }
        if let Some(effect) = Effect::of(event).filter(|_| event.traits.fx > 0) {
            self.ring.apply(&effect);
            self.last.iter_mut().filter(|last| last.seq == effect.target).for_each(|last| apply(last, &effect));
        }
    }
}

// === impl Ring ===

impl Ring {
    fn push(&mut self, event: Arc<Event>) {
        if self.events.back().is_some_and(|last| last.seq + 1 != event.seq) {
            self.events.clear();
            self.bytes = 0;
        }
        self.bytes += weight(&event);
        self.events.push_back(event);
        while self.events.len() > 1 && (self.events.len() > RING_EVENTS || self.bytes > RING_BYTES) {
            if let Some(old) = self.events.pop_front() {
                self.bytes -= weight(&old);
            }
        }
    }

    /// Brings what is held up to an effect.
    fn apply(&mut self, effect: &Effect) {
        let at = self.events.front().and_then(|first| effect.target.checked_sub(first.seq));
        let held = at.and_then(|at| self.events.get_mut(usize::try_from(at).ok()?));
        if let Some(event) = held {
            apply(event, effect);
        }
    }

    fn after(&self, seq: Seq) -> Option<Vec<Arc<Event>>> {
        let first = self.events.front()?.seq;
        if seq + 1 < first {
            return None;
        }
        Some(self.events.iter().filter(|event| event.seq > seq).cloned().collect())
    }
}

fn apply(event: &mut Arc<Event>, effect: &Effect) {
    Arc::make_mut(event).state.apply(effect.change);
}

fn weight(event: &Event) -> usize {
    event.text.as_ref().map_or(0, String::len) + if event.data.is_some() { 1024 } else { 0 } + 200
}

/// A run of events as everybody but its authors sees it: encoded once for each encoding in use, all
/// frames of the run in one piece.
pub(crate) struct Shared<'a> {
    events: &'a [Arc<Event>],
    encoded: [Option<Bytes>; Encoding::ALL.len()],
}

// === impl Shared ===

impl<'a> Shared<'a> {
    pub(crate) fn new(events: &'a [Arc<Event>]) -> Self {
        Self { events, encoded: Default::default() }
    }

    pub(crate) fn bytes(&mut self, encoding: Encoding) -> Bytes {
        let events = self.events;
        self.encoded[encoding.index()]
            .get_or_insert_with(|| {
                joined(events.iter().map(|event| encode(&ServerFrame::Message(WireEvent::public(event)), encoding)))
            })
            .clone()
    }
}

/// A run of events as one reader sees it, in one piece.
pub(crate) fn frames_for(events: &[Arc<Event>], reader: &UserId, encoding: Encoding) -> Bytes {
    joined(events.iter().map(|event| encode(&ServerFrame::Message(WireEvent::for_reader(event, reader)), encoding)))
}

fn joined(mut frames: impl ExactSizeIterator<Item = Bytes>) -> Bytes {
    if frames.len() == 1 {
        return frames.next().unwrap_or_default();
    }
    let mut all = BytesMut::new();
    frames.for_each(|frame| all.extend_from_slice(&frame));
    all.freeze()
}
