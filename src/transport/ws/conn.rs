//! The way out of one connection.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use super::connections::Connections;
use super::deadlines::{Due, Facts};
use super::farewell;
use super::queue::Queue;
use crate::domain::{Millis, now_ms};
use crate::ports::{CloseCode, Offered, Outbound};
use crate::protocol::Encoding;
use crate::transport::wire::{close_frame, ping_frame};

/// Pieces that leave in one gathered write.
const GATHERED: usize = 64;
/// [`Conn::expires`] before a hello.
const STRANGER: Millis = 0;
/// [`Conn::expires`] while the first frame is being answered: the client was in time, and what takes
/// long is not its doing.
const GREETED: Millis = Millis::MAX;

/// One connection, as everybody but its own task sees it: bytes are written to the socket by whoever
/// offers them, and left to the task only when the kernel does not take them.
pub struct Conn {
    write: OwnedWriteHalf,
    out: Mutex<Out>,
    /// The connection's task: woken when there is something to flush, or nothing more to wait for.
    task: AtomicWaker,
    drained: Notify,
    opened: u64,
    heard: AtomicU64,
    expires: AtomicI64,
    control_frames: AtomicU32,
    received: AtomicU64,
    /// `None` where the hub's protocol is not spoken.
    encoding: Option<Encoding>,
    node: Arc<Connections>,
    me: Weak<Conn>,
}

struct Out {
    queue: Queue,
    /// The newest pong that found the queue full; older ones it replaces.
    pong: Option<Bytes>,
    stage: Stage,
    pinged: u64,
    /// When the wheel looks at this connection next.
    scheduled: u64,
    /// Bytes sent that the metrics have not been told of.
    sent: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// A close frame is written or queued; nothing comes after it.
    Closing {
        gone_by: u64,
    },
    Closed,
}

// === impl Conn ===

impl Conn {
    /// The way out over a socket's write half.
    pub(super) fn new(node: Arc<Connections>, write: OwnedWriteHalf, encoding: Option<Encoding>) -> Arc<Self> {
        let now = node.wheel.now();
        let out =
            Out { queue: Queue::default(), pong: None, stage: Stage::Open, pinged: 0, scheduled: u64::MAX, sent: 0 };
        node.metrics.connections.inc();
        node.metrics.opened.inc();
        let conn = Arc::new_cyclic(|me| Self {
            write,
            out: Mutex::new(out),
            task: AtomicWaker::new(),
            drained: Notify::new(),
            opened: now,
            heard: AtomicU64::new(now),
            expires: AtomicI64::new(STRANGER),
            control_frames: AtomicU32::new(0),
            received: AtomicU64::new(0),
            encoding,
            node,
            me: me.clone(),
        });
        conn.reschedule(&mut conn.out.lock());
        conn
    }

    /// Whether messages are still to be taken from the client.
    pub(super) fn is_open(&self) -> bool {
        self.out.lock().stage == Stage::Open
    }

    /// Whether nothing more can be written.
    pub(super) fn is_closed(&self) -> bool {
        self.out.lock().stage == Stage::Closed
    }

    /// Has the task of `cx` woken from now on.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.task.register(cx.waker());
    }

    /// Bytes came from the client.
    pub(super) fn heard(&self, bytes: usize) {
        self.heard.store(self.node.wheel.now(), Relaxed);
        self.received.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts a message.
    pub(super) fn heard_message(&self) {
        self.node.metrics.received_messages.inc();
    }

    /// The client's first frame has come: its deadline is met.
    pub(super) fn greeted(&self) {
        if self.expires.load(Relaxed) == STRANGER {
            self.set_expires(Some(GREETED));
        }
    }

    /// Counts a control frame; false when there were too many since the last heartbeat.
    pub(super) fn allows_control_frame(&self) -> bool {
        self.control_frames.fetch_add(1, Relaxed) < self.node.config.max_control_frames
    }

    /// When the session ends by its token; `None` before its hello.
    pub(super) fn set_expires(&self, expires: Option<Millis>) {
        let expires = expires.unwrap_or(STRANGER);
        if self.expires.swap(expires, Relaxed) != expires {
            self.reschedule(&mut self.out.lock());
        }
    }

    /// Sends pongs. While the client does not read, only the newest are kept.
    pub(super) fn offer_pongs(&self, pongs: Bytes) {
        let mut out = self.out.lock();
        match out.stage {
            Stage::Open if out.queue.is_empty() => {
                self.transmit(&mut out, &pongs);
            }
            Stage::Open => out.pong = Some(pongs),
            Stage::Closing { .. } | Stage::Closed => {}
        }
    }

    /// The client closed: answers with its own code.
    pub(super) fn answer_close(&self, code: Option<u16>) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            self.node.metrics.closed_by_client();
            self.finish_with(&mut out, &close_frame(code.map(CloseCode), ""));
        }
    }

    /// The connection is gone: whatever is queued goes nowhere.
    pub(super) fn give_up(&self) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            self.node.metrics.lost();
        }
        self.cut_off(&mut out);
    }

    /// Says to the client that nothing more comes.
    pub(super) fn shut_down_write(&self) {
        // Already gone: as well.
        let _ = SockRef::from(self.socket()).shutdown(Shutdown::Write);
    }

    /// Writes what is queued. Ready when nothing is (also because the connection is closed).
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<()> {
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
        out.sent += written as u64;
        self.node.metrics.queue_bytes.sub(written as i64);
        if out.queue.is_empty() {
            self.drained.notify_waiters();
        }
    }

    /// Writes at once when nothing is queued, and queues what the kernel does not take.
    fn transmit(&self, out: &mut Out, frames: &Bytes) -> Offered {
        if !out.queue.is_empty() {
            out.queue.push(frames.clone());
            self.node.metrics.queue_bytes.add(frames.len() as i64);
            return Offered::Queued;
        }
        let written = match self.write.try_write(frames) {
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
        self.node.metrics.queued.inc();
        self.node.metrics.queue_bytes.add((frames.len() - written) as i64);
        self.task.wake();
        Offered::Queued
    }

    /// Closes with a code, for the first time.
    fn begin_close(&self, out: &mut Out, code: CloseCode, reason: &str) {
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

    fn cut_off(&self, out: &mut Out) {
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

    /// The queue is full and its reader too slow: what waits is dropped (it is stored, and the
    /// client will ask for it), and the reader sent away.
    fn overflow(&self, out: &mut Out) {
        let before = out.queue.bytes();
        out.queue.keep_begun();
        self.node.metrics.queue_bytes.sub((before - out.queue.bytes()) as i64);
        self.begin_close(out, CloseCode::TRY_LATER, "reading too slowly");
    }

    fn facts(&self, out: &Out, now: u64) -> Facts {
        let expires = match self.expires.load(Relaxed) {
            STRANGER => None,
            expires => Some(now.saturating_add(expires.saturating_sub(now_ms()).max(0) as u64)),
        };
        let gone_by = match out.stage {
            Stage::Closing { gone_by } => Some(gone_by),
            Stage::Open | Stage::Closed => None,
        };
        Facts { opened: self.opened, heard: self.heard.load(Relaxed), pinged: out.pinged, expires, gone_by }
    }

    /// Has the wheel look when something may be due, if it would look too late.
    fn reschedule(&self, out: &mut Out) {
        let now = self.node.wheel.now();
        let (_, at) = self.facts(out, now).decide(now, &self.node.config);
        if at < out.scheduled {
            self.schedule(out, at);
        }
    }

    fn schedule(&self, out: &mut Out, at: u64) {
        out.scheduled = at;
        self.node.wheel.schedule(at, (self.me.clone(), at));
    }

    /// The wheel looks: does what is due.
    pub(super) fn visit(&self, at: u64) {
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
            Due::Close(code, reason) => {
                out.scheduled = u64::MAX;
                self.begin_close(&mut out, code, reason);
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

    fn tell_metrics(&self, out: &mut Out) {
        self.node.metrics.sent_bytes.inc_by(std::mem::take(&mut out.sent));
        self.node.metrics.received_bytes.inc_by(self.received.swap(0, Relaxed));
    }

    fn socket(&self) -> &TcpStream {
        self.write.as_ref()
    }
}

impl Outbound for Conn {
    fn offer(&self, frames: &Bytes) -> Offered {
        let mut out = self.out.lock();
        if out.stage != Stage::Open {
            return Offered::Closed;
        }
        let waiting = out.queue.bytes();
        let offered = self.transmit(&mut out, frames);
        // One piece may be of any size: a reader who keeps up is not slow.
        if waiting > 0 && out.queue.bytes() > self.node.config.max_queue {
            self.overflow(&mut out);
            return Offered::Closed;
        }
        offered
    }

    fn queued(&self) -> usize {
        self.out.lock().queue.bytes()
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        async {
            loop {
                let drained = self.drained.notified();
                {
                    let out = self.out.lock();
                    if out.queue.is_empty() || out.stage != Stage::Open {
                        return;
                    }
                }
                drained.await;
            }
        }
        .boxed()
    }

    fn close(&self, code: CloseCode, reason: &'static str) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            self.begin_close(&mut out, code, reason);
        }
    }
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conn").field("encoding", &self.encoding).finish_non_exhaustive()
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        let mut out = self.out.lock();
        self.tell_metrics(&mut out);
        self.node.metrics.queue_bytes.sub(out.queue.bytes() as i64);
        drop(out);
        self.node.metrics.connections.dec();
    }
}
