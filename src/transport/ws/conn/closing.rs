//! How a connection ends: by the hub, by the client, or cut off.

use std::net::Shutdown;

use bytes::Bytes;
use socket2::SockRef;

use super::super::farewell;
use super::super::queue::Queue;
use super::{Conn, Out, Stage};
use crate::ports::CloseCode;
use crate::transport::wire::close_frame;

impl Conn {
    /// The client closed: answers with its own code.
    pub(in crate::transport::ws) fn answer_close(&self, code: Option<u16>) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            self.node.metrics.closed_by_client();
            self.finish_with(&mut out, &close_frame(code.map(CloseCode), ""));
        }
    }

    /// The connection is gone: whatever is queued goes nowhere.
    pub(in crate::transport::ws) fn give_up(&self) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            self.node.metrics.lost();
        }
        self.cut_off(&mut out);
    }

    /// Says to the client that nothing more comes.
    pub(in crate::transport::ws) fn shut_down_write(&self) {
        // Already gone: as well.
        let _ = SockRef::from(self.socket()).shutdown(Shutdown::Write);
    }

    /// Closes with a code, for the first time.
    pub(super) fn begin_close(&self, out: &mut Out, code: CloseCode, reason: &str) {
        self.node.metrics.closed(code);
        if let Some(bye) = self.encoding.and_then(|encoding| farewell::bye(code, encoding)) {
            self.transmit(out, &bye);
        }
        if out.stage == Stage::Open {
            self.finish_with(out, &close_frame(Some(code), reason));
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

    pub(super) fn cut_off(&self, out: &mut Out) {
        if out.stage == Stage::Closed {
            return;
        }
        out.stage = Stage::Closed;
        out.pong = None;
        self.node.metrics.queue_bytes.sub(out.queue.bytes() as i64);
        out.queue = Queue::default();
        // Also where others hold on to this connection, its socket is done. Already gone: as well.
        let _ = SockRef::from(self.socket()).shutdown(Shutdown::Both);
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
        self.begin_close(out, CloseCode::TRY_LATER, "reading too slowly");
    }
}
