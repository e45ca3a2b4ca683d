//! How a connection begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64};

use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use super::super::queue::Queue;
use super::state::{Conn, Connections, Out, STRANGER, Stage};
use crate::protocol::Encoding;

impl Conn {
    /// The way out over a socket's write half.
    pub(in crate::transport::ws) fn new(
        node: Arc<Connections>,
        write: OwnedWriteHalf,
        encoding: Option<Encoding>,
    ) -> Arc<Self> {
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
}
