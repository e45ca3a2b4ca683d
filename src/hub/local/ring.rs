//! The newest events of a group, kept for sessions that resume.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::domain::{Change, Effect, Event, Seq};

/// Events kept for sessions that resume: enough for a short cut of the line in a busy group.
const RING_EVENTS: usize = 128;
/// The same in bytes of text.
const RING_BYTES: usize = 64 * 1024;

/// The newest events, without a hole, ending at the position.
#[derive(Default)]
pub(super) struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

// === impl Ring ===

impl Ring {
    /// Whether nothing is held.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The event under a seq, when it is held.
    pub(super) fn get(&self, seq: Seq) -> Option<Arc<Event>> {
        let first = self.events.front()?.seq;
        self.events.get(usize::try_from(seq.checked_sub(first)?).ok()?).cloned()
    }

    /// Where it ends.
    #[cfg(test)]
    pub(super) fn end(&self) -> Option<Seq> {
        self.events.back().map(|event| event.seq)
    }

    pub(super) fn push(&mut self, event: Arc<Event>) {
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

    /// Brings what is held up to an effect. Where something is deleted nothing said before stays: neither it nor what was
    /// edited of it. An edited text stays as it was said, and without reactions, since the events that say so follow.
    pub(super) fn apply(&mut self, effect: &Effect) {
        match effect.change {
            Change::Erase(_) => return self.forget_before_last(),
            Change::Edit(_) | Change::React(_) | Change::Reply(_) | Change::Mention(_) => return,
            Change::Pin(_) => {}
        }
        let at = self.events.front().and_then(|first| effect.target.checked_sub(first.seq));
        let held = at.and_then(|at| self.events.get_mut(usize::try_from(at).ok()?));
        if let Some(event) = held {
            apply(event, effect);
        }
    }

    fn forget_before_last(&mut self) {
        let last = self.events.pop_back();
        self.events.clear();
        self.bytes = 0;
        last.into_iter().for_each(|last| self.push(last));
    }

    pub(super) fn after(&self, seq: Seq) -> Option<Vec<Arc<Event>>> {
        let first = self.events.front()?.seq;
        if seq + 1 < first {
            return None;
        }
        Some(self.events.iter().filter(|event| event.seq > seq).cloned().collect())
    }
}

pub(super) fn apply(event: &mut Arc<Event>, effect: &Effect) {
    Arc::make_mut(event).apply(&effect.change);
}

fn weight(event: &Event) -> usize {
    event.text.as_ref().map_or(0, String::len) + if event.data.is_some() { 1024 } else { 0 } + 200
}
