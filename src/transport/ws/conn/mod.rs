//! The way out of one connection.
//!
//! - `writing`: bytes to the socket, at once or from the queue.
//! - `closing`: how a connection ends.
//! - `timing`: pings, deadlines, and when the wheel looks again.

mod closing;
mod timing;
mod writing;

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::Context;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use super::connections::Connections;
use super::queue::Queue;
use crate::domain::Ending;
use crate::ports::{Offered, Outbound};
use crate::protocol::Encoding;
use timing::STRANGER;

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
    /// When the socket last took something of the queue, or the queue began.
    moved: u64,
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
        let out = Out {
            queue: Queue::default(),
            pong: None,
            stage: Stage::Open,
            pinged: 0,
            moved: now,
            scheduled: u64::MAX,
            sent: 0,
        };
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

    fn close(&self, ending: Ending) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            self.begin_close(&mut out, &ending);
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
