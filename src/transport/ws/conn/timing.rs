//! What is known of a connection's times, and when the wheel looks at it again.

use std::sync::atomic::Ordering::Relaxed;

use super::super::deadlines::Facts;
use super::state::{Conn, Out, STRANGER, Stage};
use crate::domain::{Millis, now_ms};

/// [`Conn::expires`] while the first frame is being answered: the client was in time, and what takes
/// long is not its doing.
const GREETED: Millis = Millis::MAX;

impl Conn {
    /// The client's first frame has come: its deadline is met.
    pub(in crate::transport::ws) fn greeted(&self) {
        if self.expires.load(Relaxed) == STRANGER {
            self.set_expires(Some(GREETED));
        }
    }

    /// Counts a control frame; false when there were too many since the last heartbeat.
    pub(in crate::transport::ws) fn allows_control_frame(&self) -> bool {
        self.control_frames.fetch_add(1, Relaxed) < self.node.config.max_control_frames
    }

    /// When the session ends by its token; `None` before its hello.
    pub(in crate::transport::ws) fn set_expires(&self, expires: Option<Millis>) {
        let expires = expires.unwrap_or(STRANGER);
        if self.expires.swap(expires, Relaxed) != expires {
            self.reschedule(&mut self.out.lock());
        }
    }

    /// What is known of its times.
    pub(super) fn facts(&self, out: &Out, now: u64) -> Facts {
        let expires = match self.expires.load(Relaxed) {
            STRANGER => None,
            expires => Some(now.saturating_add(expires.saturating_sub(now_ms()).max(0) as u64)),
        };
        let gone_by = match out.stage {
            Stage::Closing { gone_by } => Some(gone_by),
            Stage::Open | Stage::Closed => None,
        };
        let stuck = (!out.queue.is_empty()).then_some(out.moved);
        Facts { opened: self.opened, heard: self.heard.load(Relaxed), stuck, pinged: out.pinged, expires, gone_by }
    }

    /// Has the wheel look when something may be due, if it would look too late.
    pub(super) fn reschedule(&self, out: &mut Out) {
        let now = self.node.wheel.now();
        let (_, at) = self.facts(out, now).decide(now, &self.node.config);
        if at < out.scheduled {
            self.schedule(out, at);
        }
    }

    /// Has the wheel look at that time.
    pub(super) fn schedule(&self, out: &mut Out, at: u64) {
        out.scheduled = at;
        self.node.wheel.schedule(at, (self.me.clone(), at));
    }
}
