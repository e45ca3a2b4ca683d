//! A client's end that keeps what it is offered.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::user;
use crate::domain::{DeviceName, Ending};
use crate::hub::local::{LocalUsers, SessionHandle};
use crate::ports::{Offered, Outbound};
use crate::protocol::{Encoding, ServerFrame, pushes};

/// What came, in order, and how it ended.
#[derive(Default)]
pub(crate) struct Ear {
    frames: Mutex<Vec<Bytes>>,
    ending: Mutex<Option<Ending>>,
}

// === impl Ear ===

impl Ear {
    /// The frames since this was asked last.
    pub(crate) fn take(&self) -> Vec<Bytes> {
        std::mem::take(&mut *self.frames.lock())
    }

    /// The same, as text; for those who are sent JSON.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.take().iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
    }

    pub(crate) fn ending(&self) -> Option<Ending> {
        self.ending.lock().clone()
    }
}

impl Outbound for Ear {
    fn offer(&self, frames: &Bytes) -> Offered {
        self.frames.lock().push(frames.clone());
        Offered::Written
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn close(&self, ending: Ending) {
        self.ending.lock().get_or_insert(ending);
    }
}

/// A session of somebody on this node that has not been welcomed yet.
pub(crate) fn session(users: &LocalUsers, name: &str, encoding: Encoding) -> (Arc<SessionHandle>, Arc<Ear>) {
    let ear = Arc::new(Ear::default());
    let session = Arc::new(SessionHandle::new(user(name), encoding, ear.clone()));
    users.add(&session);
    (session, ear)
}

/// A welcomed session of somebody on a device, in JSON.
pub(crate) fn device_session(users: &LocalUsers, name: &str, device: &str) -> (Arc<SessionHandle>, Arc<Ear>) {
    let ear = Arc::new(Ear::default());
    let session = SessionHandle::new(user(name), Encoding::Json, ear.clone());
    let session = Arc::new(session.on(Some(DeviceName::parse(device).unwrap())));
    users.add(&session);
    session.open_with(&ServerFrame::Pong(pushes::Pong { re: None }));
    ear.take();
    (session, ear)
}

/// A session of somebody on this node without a device, welcomed; in JSON.
pub(crate) fn open_session(users: &LocalUsers, name: &str) -> (Arc<SessionHandle>, Arc<Ear>) {
    let (session, ear) = session(users, name, Encoding::Json);
    session.open_with(&ServerFrame::Pong(pushes::Pong { re: None }));
    ear.take();
    (session, ear)
}
