//! Frames for sessions: as one reader sees them, and shared by many.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::domain::{Event, UserId};
use crate::protocol::{Encoding, ServerFrame, WireEvent, encode};

/// What several sessions are sent, made once for each encoding in use.
#[derive(Default)]
pub(crate) struct PerEncoding {
    made: [Option<Bytes>; Encoding::ALL.len()],
}

// === impl PerEncoding ===

impl PerEncoding {
    /// The bytes for an encoding.
    pub(crate) fn bytes(&mut self, encoding: Encoding, make: impl FnOnce() -> Bytes) -> Bytes {
        self.made[encoding.index()].get_or_insert_with(make).clone()
    }
}

/// A run of events as everybody but its authors sees it, in one piece.
pub(crate) fn public_frames(events: &[Arc<Event>], encoding: Encoding) -> Bytes {
    joined(events.iter().map(|event| encode(&ServerFrame::Message(WireEvent::public(event)), encoding)))
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

/// How many of these make so many bytes; one at least.
pub(crate) fn fitting<'a>(events: impl Iterator<Item = &'a Event>, bytes: usize) -> usize {
    let weights = events.scan(0, |sum, event| {
        *sum += event.weight();
        Some(*sum)
    });
    weights.take_while(|sum| *sum <= bytes).count().max(1)
}
