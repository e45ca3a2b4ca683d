//! A session whose client notes what it is sent.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use crate::domain::{Ending, Seq, UserId};
use crate::hub::local::SessionHandle;
use crate::ports::{Offered, Outbound};
use crate::protocol::{Encoding, Limits, ServerFrame, pushes};

/// What came, in order.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Heard>>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Heard {
    Welcome,
    Event(Seq),
}

// === impl Recorder ===

impl Recorder {
    /// A session that this one listens for.
    pub fn session(self: &Arc<Self>, user: &str) -> Arc<SessionHandle> {
        Arc::new(SessionHandle::new(UserId::parse(user).unwrap(), Encoding::Json, self.clone()))
    }

    /// The seqs of all events, as they came.
    pub fn seqs(&self) -> Vec<Seq> {
        let seq = |heard: &Heard| match heard {
            Heard::Event(seq) => Some(*seq),
            Heard::Welcome => None,
        };
        self.0.lock().iter().filter_map(seq).collect()
    }

    /// Whether nothing came before the welcome.
    pub fn begins_with_welcome(&self) -> bool {
        self.0.lock().first().is_none_or(|first| *first == Heard::Welcome)
    }
}

impl Outbound for Recorder {
    fn offer(&self, bytes: &Bytes) -> Offered {
        let mut rest = &bytes[..];
        while let [_, length, ..] = rest {
            let (start, length) = match length {
                126 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
                short => (2, usize::from(*short)),
            };
            self.0.lock().push(understand(&rest[start..start + length]));
            rest = &rest[start + length..];
        }
        Offered::Written
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn close(&self, _: Ending) {}
}

/// Without building a value of it: this is done a million times.
fn understand(json: &[u8]) -> Heard {
    let json = std::str::from_utf8(json).unwrap();
    let Some((_, behind)) = json.split_once("\"seq\":") else {
        assert!(json.contains("welcome"), "unexpected: {json}");
        return Heard::Welcome;
    };
    Heard::Event(behind.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap())
}

/// Says welcome to a session, and lets through what was held for it.
pub fn welcome(session: &SessionHandle) {
    let limits = Limits { text: 0, data: 0, frame: 0, cid: 0, members: 0, watch: 0, history: 0 };
    session.open_with(&ServerFrame::Welcome(pushes::Welcome {
        session: &session.id,
        user: &session.user,
        node: "a",
        time: 0,
        heartbeat: 0,
        limits,
        features: &[],
        groups: Vec::new(),
        more: false,
        next: None,
    }));
}
