//! The hub's hold of a connected session, and of the users that have any here.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::{Ending, GroupId, SessionId, UserId};
use crate::ports::{Offered, Outbound};
use crate::protocol::{Encoding, ServerFrame, encode};

/// A session that said hello.
pub(crate) struct SessionHandle {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) encoding: Encoding,
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
    pub(crate) users: Vec<UserId>,
    pub(crate) partners: Vec<UserId>,
}

/// The users with sessions on this node.
#[derive(Default)]
pub(crate) struct LocalUsers {
    users: DashMap<UserId, Vec<Arc<SessionHandle>>>,
}

// === impl SessionHandle ===

impl SessionHandle {
    pub(crate) fn new(user: UserId, encoding: Encoding, outbound: Arc<dyn Outbound>) -> Self {
        Self {
            id: SessionId::random(),
            user,
            encoding,
            outbound,
            open: AtomicBool::new(false),
            held: Mutex::default(),
            groups: Mutex::default(),
            watch: Mutex::default(),
            over: AtomicBool::new(false),
            ending: Notify::new(),
        }
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

// === impl LocalUsers ===

impl LocalUsers {
    /// Adds a session; answers how many users there are now.
    pub(crate) fn add(&self, session: &Arc<SessionHandle>) -> usize {
        // Most have one, and it is theirs for long.
        let one = || Vec::with_capacity(1);
        self.users.entry(session.user.clone()).or_insert_with(one).push(session.clone());
        self.users.len()
    }

    /// Removes a session; answers how many users there are now.
    pub(crate) fn remove(&self, session: &SessionHandle) -> usize {
        self.users.remove_if_mut(&session.user, |_, sessions| {
            sessions.retain(|other| other.id != session.id);
            sessions.is_empty()
        });
        self.users.len()
    }

    /// The user's sessions on this node.
    pub(crate) fn sessions(&self, user: &UserId) -> Vec<Arc<SessionHandle>> {
        self.users.get(user).map(|sessions| sessions.clone()).unwrap_or_default()
    }

    pub(crate) fn is_here(&self, user: &UserId) -> bool {
        self.users.contains_key(user)
    }

    /// All sessions of the node.
    pub(crate) fn all(&self) -> Vec<Arc<SessionHandle>> {
        self.users.iter().flat_map(|sessions| sessions.clone()).collect()
    }

    /// Hands a frame to every session of the node, encoded once an encoding.
    pub(crate) fn tell_all(&self, frame: &ServerFrame<'_>) {
        let encoded = Encoding::ALL.map(|encoding| encode(frame, encoding));
        for session in self.all() {
            session.offer(&encoded[session.encoding.index()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;

    use super::*;
    use crate::protocol::pushes;

    /// A client's end that keeps what it is offered.
    #[derive(Default)]
    struct Ear(Mutex<Vec<Bytes>>);

    impl Outbound for Ear {
        fn offer(&self, frames: &Bytes) -> Offered {
            self.0.lock().push(frames.clone());
            Offered::Written
        }

        fn drained(&self) -> BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }

        fn close(&self, _: Ending) {}
    }

    fn session(users: &LocalUsers, user: &str, encoding: Encoding) -> (Arc<SessionHandle>, Arc<Ear>) {
        let ear = Arc::new(Ear::default());
        let session = Arc::new(SessionHandle::new(UserId::parse(user).unwrap(), encoding, ear.clone()));
        users.add(&session);
        (session, ear)
    }

    #[test]
    fn a_frame_for_all_is_encoded_once_an_encoding_and_waits_for_welcomes() {
        let (users, features) = (LocalUsers::default(), ["kind:pinned".to_owned()]);
        let (anna, in_json) = session(&users, "anna", Encoding::Json);
        let (bob, in_json_too) = session(&users, "bob", Encoding::Json);
        let (cleo, in_msgpack) = session(&users, "cleo", Encoding::MsgPack);
        let welcome = ServerFrame::Pong(pushes::Pong { re: None });
        anna.open_with(&welcome);
        cleo.open_with(&welcome);
        let frame = ServerFrame::Features(pushes::Features { features: &features });
        users.tell_all(&frame);
        assert_eq!(in_json_too.0.lock().len(), 0);
        bob.open_with(&welcome);

        let heard = [in_json, in_json_too, in_msgpack].map(|ear| ear.0.lock().clone());
        for (frames, encoding) in heard.iter().zip([Encoding::Json, Encoding::Json, Encoding::MsgPack]) {
            assert_eq!(*frames, [encode(&welcome, encoding), encode(&frame, encoding)]);
        }
        assert_eq!(heard[0][1].as_ptr(), heard[1][1].as_ptr());
    }
}
