//! One node's inbox.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::Millis;
use crate::ports::{InboxEntry, InboxPosition, InboxRead};

/// Entries that one read brings at most.
const READ_MAX: usize = 1024;

#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    pub(super) posted: Notify,
}

#[derive(Default)]
struct State {
    entries: VecDeque<InboxEntry>,
    newest: InboxPosition,
    /// Something was not taken, or the inbox before this one is gone.
    lossy: bool,
}

// === impl Inbox ===

impl Inbox {
    /// In the place of one that is gone, of which `newest` was read.
    pub(super) fn instead(newest: InboxPosition) -> Self {
        let state = State { newest, lossy: true, ..State::default() };
        Self { state: Mutex::new(state), posted: Notify::new() }
    }

    pub(super) fn post(&self, payload: &Bytes, time: Millis, cap: u64) {
        let mut state = self.state.lock();
        if state.entries.len() as u64 >= cap {
            state.lossy = true;
        } else {
            state.newest = state.position_at(time);
            let position = state.newest;
            state.entries.push_back(InboxEntry { position, payload: payload.clone(), time });
        }
        drop(state);
        self.posted.notify_waiters();
    }

    pub(super) fn read(&self, after: InboxPosition) -> InboxRead {
        let mut state = self.state.lock();
        let read = state.entries.partition_point(|entry| entry.position <= after);
        state.entries.drain(..read);
        InboxRead {
            entries: state.entries.iter().take(READ_MAX).cloned().collect(),
            lossy: std::mem::take(&mut state.lossy),
        }
    }
}

// === impl State ===

impl State {
    fn position_at(&self, time: Millis) -> InboxPosition {
        let now = InboxPosition(time.max(0) as u64, 0);
        if now > self.newest { now } else { InboxPosition(self.newest.0, self.newest.1 + 1) }
    }
}
