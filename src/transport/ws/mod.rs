//! WebSocket connections after their handshake.
//!
//! - [`Session`], [`Sessions`]: who answers the messages; the hub, or an echo in tests.
//! - [`Conn`]: the way out of one connection, shared with the hub as `Outbound`.
//! - [`Connections`]: what all connections of a node share.
//! - [`Gateway`]: the handshake, from an HTTP request to a connection.
//! - `timer`: the one timer of a node.
//! - `task`: the one task of a connection, that reads.

mod conn;
mod deadlines;
mod farewell;
mod handler;
mod handshake;
mod pongs;
mod queue;
mod read_buffer;
mod task;
mod timer;

pub use conn::{Conn, Connections};
pub use handler::{Session, Sessions};
pub use handshake::{Gateway, routes};
pub(crate) use handshake::{bearer, too_many_from_address};
pub use task::start;

#[cfg(test)]
mod tests;
