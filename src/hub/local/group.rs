//! A group as this node holds it: its position, its sessions here, and the fan-out to them.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::frames::{PerEncoding, frames_for, public_frames};
use super::handle::SessionHandle;
use super::position::Position;
use super::ring::{Ring, apply};
use crate::domain::{Effect, Event, Group, GroupId, Head, Mark, Seq, SessionId, UserId};
use crate::ports::{Offered, Partition};

/// One group on this node.
pub(crate) struct LocalGroup {
    pub(crate) id: GroupId,
    pub(crate) partition: Partition,
    pub(crate) state: Mutex<GroupState>,
    /// What comes next has come, for the task that catches up.
    pub(crate) stashed: Notify,
}

/// How it stands with a group on this node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its position is not known yet: what comes is kept.
    #[default]
    Fresh,
    /// What comes in turn is given out at once.
    Live,
    /// A task fetches what is missing; until it is done, arrivals only go to the stash.
    CatchingUp,
    /// No longer what this node holds of the group: attach elsewhere.
    Gone,
}

/// What the lock guards. Whoever holds it decides what every session here gets next.
#[derive(Default)]
pub(crate) struct GroupState {
    pub(crate) position: Position,
    phase: Phase,
    /// Which adding of the route is in force.
    pub(crate) generation: u64,
    pub(crate) sessions: Vec<Arc<SessionHandle>>,
    /// Sessions that get the group's events and were not told of the group, with their user's mark.
    unshown: Vec<(Arc<SessionHandle>, Mark)>,
    /// Those who asked to be attached and are not yet: the group stays for them.
    pub(crate) pins: usize,
    /// The group's document, brought up to the position by the events that change it.
    pub(crate) document: Option<Arc<Group>>,
    ring: Ring,
    /// The newest event that is shown, with its state.
    last: Option<Arc<Event>>,
}

/// What a task that catches up does next.
pub(crate) enum Lack {
    /// Gives these out, which are in turn.
    Ready(Vec<Arc<Event>>),
    /// Fetches what follows a seq.
    Missing(Seq),
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

// === impl LocalGroup ===

impl LocalGroup {
    pub(crate) fn new(id: GroupId, partition: Partition) -> Self {
        Self { id, partition, state: Mutex::default(), stashed: Notify::new() }
    }

    /// The last seq that was given out here; 0 until that is known.
    pub(crate) fn at(&self) -> Seq {
        self.state.lock().position.at().map_or(0, |at| at.seq)
    }
}

// === impl GroupState ===

impl GroupState {
    /// How it stands.
    #[cfg(test)]
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether what comes in turn is given out at once.
    pub(crate) fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Whether this is no longer what this node holds of the group.
    pub(crate) fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    /// Begins at a stored head, where no position is known yet.
    pub(crate) fn start(&mut self, head: Head) {
        self.position.start(head);
        if self.phase == Phase::Fresh {
            self.phase = Phase::Live;
        }
    }

    /// Whether a task has to catch up from now on: there is something to be done, and nobody does it.
    pub(crate) fn begin_catching_up(&mut self) -> bool {
        let begins = self.is_live() && (self.position.is_ready() || self.position.missing().is_some());
        if begins {
            self.phase = Phase::CatchingUp;
        }
        begins
    }

    /// What is left to be done for the task that catches up; `None` when it is done.
    pub(crate) fn lack(&mut self) -> Option<Lack> {
        if self.is_gone() {
            return None;
        }
        let ready = self.position.ready();
        if !ready.is_empty() {
            return Some(Lack::Ready(ready));
        }
        let missing = self.position.missing();
        if missing.is_none() && self.phase == Phase::CatchingUp {
            self.phase = Phase::Live;
        }
        missing.map(|(after, _)| Lack::Missing(after))
    }

    /// Ends what this node holds of the group; false when it had ended.
    pub(crate) fn end(&mut self) -> bool {
        std::mem::replace(&mut self.phase, Phase::Gone) != Phase::Gone
    }

    /// The same where nobody needs it.
    pub(super) fn end_if_unused(&mut self) -> bool {
        let unused = self.sessions.is_empty() && self.pins == 0 && self.phase != Phase::CatchingUp;
        if unused {
            self.phase = Phase::Gone;
        }
        unused
    }

    pub(crate) fn has(&self, session: &SessionId) -> bool {
        self.sessions.iter().any(|live| live.id == *session)
    }

    /// Where the group's present life begins, as far as is known here.
    pub(crate) fn base(&self) -> Seq {
        self.document.as_ref().map_or(0, |document| document.base.seq)
    }

    /// Whether the group is known here to be archived.
    pub(crate) fn is_archived(&self) -> bool {
        self.document.as_ref().is_some_and(|document| document.settings.archived)
    }

    /// Whether the group's document, as far as it is known here, holds this user.
    pub(crate) fn has_member(&self, user: &UserId) -> bool {
        self.document.as_ref().is_some_and(|document| document.member(user).is_some())
    }

    pub(crate) fn detach(&mut self, session: &SessionId) {
        self.sessions.retain(|live| live.id != *session);
        self.was_shown_to(session);
    }

    /// Notes that a session is yet to be told of the group, before anything of the group.
    pub(crate) fn is_unshown_to(&mut self, session: &Arc<SessionHandle>, mark: Mark) {
        self.unshown.push((session.clone(), mark));
    }

    /// Notes that a session was told of the group.
    pub(crate) fn was_shown_to(&mut self, session: &SessionId) {
        self.unshown.retain(|(unshown, _)| unshown.id != *session);
    }

    /// Those who are yet to be told of the group; they are by whoever takes them.
    pub(crate) fn take_unshown(&mut self) -> Vec<(Arc<SessionHandle>, Mark)> {
        std::mem::take(&mut self.unshown)
    }

    /// A session's user's mark, where the session is yet to be told of the group; it is by whoever takes it.
    pub(crate) fn take_unshown_to(&mut self, session: &SessionId) -> Option<Mark> {
        let at = self.unshown.iter().position(|(unshown, _)| unshown.id == *session)?;
        Some(self.unshown.swap_remove(at).1)
    }

    /// One step of a session's replay that has come to `sent`: what is next of what is at hand, in
    /// pages of so many. The last of it is sent here, and the session let in with the live ones, at
    /// one: no hole between, and nothing twice.
    pub(crate) fn go_on(&mut self, group: &GroupId, session: &Arc<SessionHandle>, sent: Seq, page: usize) -> Onward {
        if self.is_gone() || !session.is_in(group) || session.is_over() {
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

    /// The event under a seq, when it is at hand.
    pub(crate) fn ring_event(&self, seq: Seq) -> Option<Arc<Event>> {
        self.ring.get(seq)
    }

    /// The newest event that is shown, where it is known here.
    pub(crate) fn last_event(&self) -> Option<Arc<Event>> {
        self.last.clone()
    }

    /// Where the ring ends.
    #[cfg(test)]
    pub(crate) fn ring_end(&self) -> Option<Seq> {
        self.ring.end()
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
        if self.ring.is_empty() && self.position.at().is_some_and(|at| at.seq == event.seq) {
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
        let mut shared = PerEncoding::default();
        let mut delivered = 0;
        for session in &self.sessions {
            let bytes = if events.iter().any(|event| event.from == session.user) {
                frames_for(events, &session.user, session.encoding)
            } else {
                shared.bytes(session.encoding, || public_frames(events, session.encoding))
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
        if let (Some(document), Some(update)) = (&mut self.document, event.update()) {
            Arc::make_mut(document).update(event.seq, &update);
        }
        self.ring.push(event.clone());
        if event.traits.shown {
            self.last = Some(event.clone());
        }
        if let Some(effect) = Effect::of(event) {
            self.ring.apply(&effect);
            self.last.iter_mut().filter(|last| last.seq == effect.target).for_each(|last| apply(last, &effect));
        }
    }
}
