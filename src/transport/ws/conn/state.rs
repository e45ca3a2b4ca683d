//! A connection and what it shares with all others of its node. They name each other: the node's timer holds its
//! connections, and each of these holds its node.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::Context;

use bytes::Bytes;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use super::super::queue::Queue;
use crate::domain::Millis;
use crate::protocol::Encoding;
use crate::transport::config::WebSocketConfig;
use crate::transport::metrics::WebSocketMetrics;
use crate::transport::wheel::Wheel;

/// [`Conn::expires`] before a hello.
pub(super) const STRANGER: Millis = 0;

/// Settings, metrics and the one timer of a node's connections.
#[derive(Debug)]
pub struct Connections {
    pub(in crate::transport::ws) config: WebSocketConfig,
    pub(in crate::transport::ws) metrics: WebSocketMetrics,
    /// Entries hold when they were to fall due: a connection that has been scheduled anew since
    /// ignores them.
    pub(in crate::transport::ws) wheel: Wheel<(Weak<Conn>, u64)>,
}

/// One connection, as everybody but its own task sees it: bytes are written to the socket by whoever
/// offers them, and left to the task only when the kernel does not take them.
pub struct Conn {
    pub(super) write: OwnedWriteHalf,
    pub(super) out: Mutex<Out>,
    /// The connection's task: woken when there is something to flush, or nothing more to wait for.
    pub(super) task: AtomicWaker,
    pub(super) drained: Notify,
    pub(super) opened: u64,
    pub(super) heard: AtomicU64,
    pub(super) expires: AtomicI64,
    pub(super) control_frames: AtomicU32,
    pub(super) received: AtomicU64,
    /// `None` where the hub's protocol is not spoken.
    pub(super) encoding: Option<Encoding>,
    pub(super) node: Arc<Connections>,
    pub(super) me: Weak<Conn>,
}

/// What is on its way out, and when; behind the lock of its connection.
pub(super) struct Out {
    pub(super) queue: Queue,
    /// The newest pong that found the queue full; older ones it replaces.
    pub(super) pong: Option<Bytes>,
    pub(super) stage: Stage,
    pub(super) pinged: u64,
    /// When the socket last took something of the queue, or the queue began.
    pub(super) moved: u64,
    /// When the wheel looks at this connection next.
    pub(super) scheduled: u64,
    /// Bytes sent that the metrics have not been told of.
    pub(super) sent: u64,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    /// A close frame is written or queued; nothing comes after it.
    Closing {
        gone_by: u64,
    },
    Closed,
}

// === impl Connections ===

impl Connections {
    /// Nothing is timed before [`Connections::run_timer`] runs.
    pub fn new(config: WebSocketConfig, metrics: WebSocketMetrics) -> Arc<Self> {
        Arc::new(Self { config, metrics, wheel: Wheel::new() })
    }
}

// === impl Conn ===

impl Conn {
    /// Whether messages are still to be taken from the client.
    pub(in crate::transport::ws) fn is_open(&self) -> bool {
        self.out.lock().stage == Stage::Open
    }

    /// Whether nothing more can be written.
    pub(in crate::transport::ws) fn is_closed(&self) -> bool {
        self.out.lock().stage == Stage::Closed
    }

    /// Has the task of `cx` woken from now on.
    pub(in crate::transport::ws) fn register(&self, cx: &Context<'_>) {
        self.task.register(cx.waker());
    }

    /// Bytes came from the client.
    pub(in crate::transport::ws) fn heard(&self, bytes: usize) {
        self.heard.store(self.node.wheel.now(), Relaxed);
        self.received.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts a message.
    pub(in crate::transport::ws) fn heard_message(&self) {
        self.node.metrics.received_messages.inc();
    }

    pub(super) fn tell_metrics(&self, out: &mut Out) {
        self.node.metrics.sent_bytes.inc_by(std::mem::take(&mut out.sent));
        self.node.metrics.received_bytes.inc_by(self.received.swap(0, Relaxed));
    }

    pub(super) fn socket(&self) -> &TcpStream {
        self.write.as_ref()
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
