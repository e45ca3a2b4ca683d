//! What a connection does when the wheel looks at it: pings and closes.

use std::sync::atomic::Ordering::Relaxed;

use super::super::deadlines::Due;
use super::state::{Conn, Out, Stage};
use crate::transport::wire::ping_frame;

impl Conn {
    /// The wheel looks: does what is due.
    pub(in crate::transport::ws) fn visit(&self, at: u64) {
        let mut out = self.out.lock();
        self.tell_metrics(&mut out);
        if out.scheduled != at || out.stage == Stage::Closed {
            return;
        }
        self.control_frames.store(0, Relaxed);
        let now = self.node.wheel.now();
        let (due, next) = self.facts(&out, now).decide(now, &self.node.config);
        match due {
            Due::Nothing => self.schedule(&mut out, next),
            Due::Ping => {
                self.ping(&mut out, now);
                self.schedule(&mut out, next);
            }
            Due::Close(ending) => {
                out.scheduled = u64::MAX;
                self.begin_close(&mut out, &ending);
            }
            Due::SendAway => {
                out.scheduled = u64::MAX;
                self.overflow(&mut out);
            }
            Due::Abort => self.cut_off(&mut out),
        }
    }

    fn ping(&self, out: &mut Out, now: u64) {
        out.pinged = now;
        // Behind a queue a ping would tell nothing: the client has something to read already.
        if out.queue.is_empty() {
            self.node.metrics.pings.inc();
            self.transmit(out, &ping_frame());
        }
    }
}
