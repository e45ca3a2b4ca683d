//! A socket that is done with, wholly or for writing.

use std::net::Shutdown;

use socket2::SockRef;

use super::super::queue::Queue;
use super::state::{Conn, Out, Stage};

impl Conn {
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

    /// Ends it at once: what is queued is dropped.
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
}
