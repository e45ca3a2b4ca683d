//! [`Inboxes`] in process.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::LocalBackplane;
use crate::domain::{Millis, NodeName};
use crate::ports::{BackplaneError, InboxEntry, InboxPosition, InboxRead, Inboxes};

/// Entries that one read brings at most.
const READ_MAX: usize = 1024;

#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    posted: Notify,
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
    fn instead(newest: InboxPosition) -> Self {
        let state = State { newest, lossy: true, ..State::default() };
        Self { state: Mutex::new(state), posted: Notify::new() }
    }

    fn post(&self, payload: &Bytes, time: Millis, cap: u64) {
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

    fn read(&self, after: InboxPosition) -> InboxRead {
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

impl LocalBackplane {
    /// The node's inbox; made anew when it is gone, unless the node has been reaped.
    fn own_inbox(&self, node: &NodeName, after: InboxPosition) -> Option<Arc<Inbox>> {
        if self.nodes.lock().is_reaped(node) {
            return None;
        }
        let inbox = self.inboxes.entry(node.clone()).or_insert_with(|| Arc::new(Inbox::instead(after)));
        Some(Arc::clone(&inbox))
    }
}

#[async_trait]
impl Inboxes for LocalBackplane {
    async fn open_inbox(&self, node: &NodeName) -> Result<(), BackplaneError> {
        self.inboxes.entry(node.clone()).or_default();
        Ok(())
    }

    async fn post(&self, posts: &[(NodeName, Bytes)]) -> Result<(), BackplaneError> {
        let now = self.clock.now();
        for (node, payload) in posts {
            let inbox = self.inboxes.get(node).map(|inbox| Arc::clone(&inbox));
            if let Some(inbox) = inbox {
                inbox.post(payload, now, self.limits.inbox_cap);
            }
        }
        Ok(())
    }

    async fn read_inbox(
        &self,
        node: &NodeName,
        after: InboxPosition,
        wait: Duration,
    ) -> Result<InboxRead, BackplaneError> {
        let deadline = Instant::now() + wait;
        let Some(inbox) = self.own_inbox(node, after) else {
            tokio::time::sleep_until(deadline).await;
            return Ok(InboxRead { entries: Vec::new(), lossy: true });
        };
        loop {
            let posted = inbox.posted.notified();
            tokio::pin!(posted);
            posted.as_mut().enable();
            let read = inbox.read(after);
            let found = !read.entries.is_empty() || read.lossy;
            if found || timeout_at(deadline, posted).await.is_err() {
                return Ok(read);
            }
        }
    }
}
