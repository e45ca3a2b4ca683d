//! The way out to one connection, whatever carries it.

use bytes::Bytes;

/// A WebSocket close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

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
    /// it, otherwise queued. A queue beyond its bound closes the connection with 1013.
    fn offer(&self, frames: &Bytes) -> Offered;

    /// Bytes that wait in the queue.
    fn queued(&self) -> usize;

    /// Resolves when the queue is empty or the connection closed: replay goes at this pace.
    fn drained(&self) -> futures::future::BoxFuture<'_, ()>;

    /// Closes with a code once what is queued has left (or a deadline is over). The first code
    /// given stands.
    fn close(&self, code: CloseCode, reason: &'static str);
}

impl CloseCode {
    /// Done, at the client's wish.
    pub const NORMAL: Self = Self(1000);
    /// A frame of a type that this connection does not take.
    pub const UNSUPPORTED: Self = Self(1003);
    /// Text that is not UTF-8.
    pub const INVALID: Self = Self(1007);
    /// Against the rules: too many bad frames, or too much.
    pub const POLICY: Self = Self(1008);
    /// A message beyond the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// The hub failed.
    pub const INTERNAL: Self = Self(1011);
    /// The node restarts: come back elsewhere.
    pub const RESTART: Self = Self(1012);
    /// Overload, or a reader too slow: come back later.
    pub const TRY_LATER: Self = Self(1013);
    /// No valid hello.
    pub const NO_HELLO: Self = Self(4001);
    /// The token ran out.
    pub const TOKEN_EXPIRED: Self = Self(4002);
    /// Banned or removed.
    pub const BANNED: Self = Self(4003);
    /// The route was replaced: reconnect.
    pub const REPLACED: Self = Self(4100);
    /// Nothing heard for too long.
    pub const IDLE: Self = Self(4101);
}
