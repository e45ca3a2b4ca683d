//! The users with sessions on this node.

use std::sync::Arc;

use dashmap::DashMap;

use super::handle::{SessionHandle, tell_each};
use crate::domain::UserId;
use crate::protocol::ServerFrame;

/// The users with sessions on this node.
#[derive(Default)]
pub(crate) struct LocalUsers {
    users: DashMap<UserId, Vec<Arc<SessionHandle>>>,
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
        tell_each(&self.all(), frame);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::future::BoxFuture;
    use parking_lot::Mutex;

    use super::*;
    use crate::domain::Ending;
    use crate::ports::{Offered, Outbound};
    use crate::protocol::{Encoding, encode, pushes};

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
