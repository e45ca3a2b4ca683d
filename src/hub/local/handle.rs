//! The hub's hold of a connected session.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::frames::PerEncoding;
use crate::domain::{DeviceName, Ending, GroupId, Millis, SessionId, UserId};
use crate::ports::{Offered, Outbound};
use crate::protocol::{Encoding, ServerFrame, encode};

/// A session that said hello.
pub(crate) struct SessionHandle {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    /// What the client calls its device, if it says.
    pub(crate) device: Option<DeviceName>,
    pub(crate) encoding: Encoding,
    /// When the user proved who they are, by the newest token shown.
    proven: AtomicI64,
    outbound: Arc<dyn Outbound>,
    /// Set once `welcome` is out; until then what others offer waits in `held`.
    open: AtomicBool,
    held: Mutex<Vec<Bytes>>,
    /// Groups whose events this session gets (live, or by a replay under way).
    groups: Mutex<HashSet<GroupId>>,
    /// Users whose presence this session is shown, and groups that it watches.
    pub(crate) watch: Mutex<Watch>,
    /// Once it has ended, so do its replays.
    over: AtomicBool,
    ending: Notify,
}

/// What a session watches.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) groups: Vec<GroupId>,
    pub(crate) users: HashSet<UserId>,
    pub(crate) partners: Vec<UserId>,
    /// Rises with each change, so that whoever reckons finds out that another was faster.
    pub(crate) turn: u64,
}

// === impl SessionHandle ===

impl SessionHandle {
    pub(crate) fn new(user: UserId, encoding: Encoding, outbound: Arc<dyn Outbound>) -> Self {
        Self {
            id: SessionId::random(),
            user,
            device: None,
            encoding,
            proven: AtomicI64::new(0),
            outbound,
            open: AtomicBool::new(false),
            held: Mutex::default(),
            groups: Mutex::default(),
            watch: Mutex::default(),
            over: AtomicBool::new(false),
            ending: Notify::new(),
        }
    }

    /// The same session, on a device.
    pub(crate) fn on(self, device: Option<DeviceName>) -> Self {
        Self { device, ..self }
    }

    /// The user showed a token of a login at this time.
    pub(crate) fn prove(&self, proven: Millis) {
        self.proven.fetch_max(proven, Ordering::AcqRel);
    }

    /// When the user proved who they are, by the newest token shown.
    pub(crate) fn proven(&self) -> Millis {
        self.proven.load(Ordering::Acquire)
    }

    /// Hands over bytes in this session's encoding; never waits.
    pub(crate) fn offer(&self, bytes: &Bytes) -> Offered {
        if !self.open.load(Ordering::Acquire) {
            let mut held = self.held.lock();
            // Asked again under the lock: `open_with` empties the list under it.
            if !self.open.load(Ordering::Acquire) {
                held.push(bytes.clone());
                return Offered::Queued;
            }
        }
        self.outbound.offer(bytes)
    }

    /// Encodes and hands over a frame.
    pub(crate) fn send(&self, frame: &ServerFrame<'_>) {
        self.offer(&encode(frame, self.encoding));
    }

    /// Sends `welcome` first, then everything that was offered meanwhile, then lets others through.
    pub(crate) fn open_with(&self, welcome: &ServerFrame<'_>) {
        let mut held = self.held.lock();
        self.outbound.offer(&encode(welcome, self.encoding));
        for bytes in held.drain(..) {
            self.outbound.offer(&bytes);
        }
        held.shrink_to_fit();
        self.open.store(true, Ordering::Release);
    }

    /// Whether `welcome` is out.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Resolves when what is queued has left.
    pub(crate) async fn drained(&self) {
        self.outbound.drained().await;
    }

    pub(crate) fn close(&self, ending: Ending) {
        self.outbound.close(ending);
    }

    /// The session is over: whatever works for it ends.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.ending.notify_waiters();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Resolves when the session is over.
    pub(crate) async fn ended(&self) {
        let ending = self.ending.notified();
        // Asked after it listens, so that the end cannot come between.
        if !self.is_over() {
            ending.await;
        }
    }

    /// Notes that the session gets this group's events; false when it already did.
    pub(crate) fn add_group(&self, group: &GroupId) -> bool {
        self.groups.lock().insert(group.clone())
    }

    pub(crate) fn remove_group(&self, group: &GroupId) -> bool {
        self.groups.lock().remove(group)
    }

    pub(crate) fn is_in(&self, group: &GroupId) -> bool {
        self.groups.lock().contains(group)
    }

    pub(crate) fn groups(&self) -> Vec<GroupId> {
        self.groups.lock().iter().cloned().collect()
    }
}

/// Hands a frame to several sessions, encoded once for each encoding in use.
pub(crate) fn tell_each<'a>(sessions: impl IntoIterator<Item = &'a Arc<SessionHandle>>, frame: &ServerFrame<'_>) {
    let mut shared = PerEncoding::default();
    for session in sessions {
        let bytes = shared.bytes(session.encoding, || encode(frame, session.encoding));
        session.offer(&bytes);
    }
}
