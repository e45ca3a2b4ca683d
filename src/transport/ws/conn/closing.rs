//! How a connection ends: by the hub or by the client.

use bytes::Bytes;

use super::super::farewell;
use super::state::{Conn, Out, Stage};
use crate::domain::Ending;
use crate::transport::wire::{CloseCode, Violation, close_frame};

impl Conn {
    /// The client closed: answers with its own code.
    pub(in crate::transport::ws) fn answer_close(&self, code: Option<u16>) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            self.node.metrics.closed_by_client();
            self.finish_with(&mut out, &close_frame(code.map(CloseCode), ""));
        }
    }

    /// The client broke the rules: nothing is said to it but why.
    pub(in crate::transport::ws) fn fail(&self, violation: Violation) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            let code = CloseCode::from(violation);
            self.node.metrics.closed(code);
            self.finish_with(&mut out, &close_frame(Some(code), violation.reason()));
        }
    }

    /// Ends the session, for the first time: a `bye`, and the close frame.
    pub(super) fn begin_close(&self, out: &mut Out, ending: &Ending) {
        let code = CloseCode::from(ending);
        self.node.metrics.closed(code);
        if let Some(encoding) = self.encoding {
            self.transmit(out, &farewell::bye(ending, encoding));
        }
        if out.stage == Stage::Open {
            self.finish_with(out, &close_frame(Some(code), ending.reason()));
        }
    }

    /// Sends the last frame, and gives it its time.
    fn finish_with(&self, out: &mut Out, last: &Bytes) {
        self.transmit(out, last);
        if out.stage == Stage::Open {
            let gone_by = self.node.wheel.now() + self.node.config.close_deadline.as_millis() as u64;
            out.stage = Stage::Closing { gone_by };
            out.pong = None;
            self.reschedule(out);
        }
        self.drained.notify_waiters();
        self.task.wake();
    }

    /// The queue is full or stands still, its reader too slow: what waits is dropped (it is stored, and the
    /// client will ask for it), and the reader sent away.
    pub(super) fn overflow(&self, out: &mut Out) {
        let before = out.queue.bytes();
        out.queue.keep_begun();
        self.node.metrics.queue_bytes.sub((before - out.queue.bytes()) as i64);
        self.node.metrics.slow_readers.inc();
        self.begin_close(out, &Ending::SlowReader);
    }
}
