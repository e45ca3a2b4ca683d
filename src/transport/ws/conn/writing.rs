//! Bytes to the socket: at once where the kernel takes them, from the queue where not.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use bytes::Bytes;
use socket2::SockRef;

use super::state::{Conn, Out, Stage};
use crate::ports::Offered;

/// Pieces that leave in one gathered write.
const GATHERED: usize = 64;

impl Conn {
    /// Sends pongs. While the client does not read, only the newest are kept.
    pub(in crate::transport::ws) fn offer_pongs(&self, pongs: Bytes) {
        let mut out = self.out.lock();
        match out.stage {
            Stage::Open if out.queue.is_empty() => {
                self.transmit(&mut out, &pongs);
            }
            Stage::Open => out.pong = Some(pongs),
            Stage::Closing { .. } | Stage::Closed => {}
        }
    }

    /// Writes what is queued. Ready when nothing is (also because the connection is closed).
    pub(in crate::transport::ws) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.flush() {
            match self.socket().poll_write_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => self.give_up(),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }

    /// Writes as much as the kernel takes; whether that was all.
    fn flush(&self) -> bool {
        let mut out = self.out.lock();
        loop {
            if out.queue.is_empty() {
                let Some(pong) = out.pong.take() else { return true };
                self.transmit(&mut out, &pong);
                continue;
            }
            let mut slices = [IoSlice::new(&[]); GATHERED];
            let count = out.queue.gather(&mut slices);
            match self.write.try_write_vectored(&slices[..count]) {
                Ok(written) if written > 0 => self.wrote(&mut out, written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Ok(_) | Err(_) => self.cut_off(&mut out),
            }
        }
    }

    fn wrote(&self, out: &mut Out, written: usize) {
        out.queue.advance(written);
        out.moved = self.node.wheel.now();
        out.sent += written as u64;
        self.node.metrics.queue_bytes.sub(written as i64);
        if out.queue.is_empty() {
            self.drained.notify_waiters();
        }
    }

    /// Writes at once when nothing is queued, and queues what the kernel does not take.
    pub(super) fn transmit(&self, out: &mut Out, frames: &Bytes) -> Offered {
        if !out.queue.is_empty() {
            out.queue.push(frames.clone());
            self.node.metrics.queue_bytes.add(frames.len() as i64);
            return Offered::Queued;
        }
        // Past the runtime's notion of readiness, which the flush of what is queued keeps right: of what one
        // delivery has to look up in memory, that is a good part.
        let written = match SockRef::from(self.socket()).send(frames) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => {
                self.cut_off(out);
                return Offered::Closed;
            }
        };
        out.sent += written as u64;
        if written == frames.len() {
            return Offered::Written;
        }
        match written {
            0 => out.queue.push(frames.clone()),
            _ => out.queue.push_rest(frames.slice(written..)),
        }
        out.moved = self.node.wheel.now();
        self.node.metrics.queued.inc();
        self.node.metrics.queue_bytes.add((frames.len() - written) as i64);
        self.task.wake();
        Offered::Queued
    }
}
