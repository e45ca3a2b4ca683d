//! The way out to one connection, whatever carries it.

use bytes::Bytes;

use crate::domain::Ending;

/// What became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// With the kernel already.
    Written,
    /// Waits in the connection's queue, in order.
    Queued,
    /// The connection is closed or closing; the bytes went nowhere.
    Closed,
}

/// One connection's way out. Bytes are prepared frames in the connection's encoding; whoever calls
/// first is sent first.
pub trait Outbound: Send + Sync + 'static {
    /// Sends, without ever waiting: written at once when nothing is queued and the kernel takes
    /// it, otherwise queued. A queue beyond its bound ends the session as that of a slow reader.
    fn offer(&self, frames: &Bytes) -> Offered;

    /// Resolves when the queue is empty or the connection closed: replay goes at this pace.
    fn drained(&self) -> futures::future::BoxFuture<'_, ()>;

    /// Ends the session: says why, and whether to come back, once what is queued has left (or a deadline
    /// is over). The first ending given stands.
    fn close(&self, ending: Ending);
}
