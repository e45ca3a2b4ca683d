//! The way out of one connection. Each file calls only those above it.
//!
//! - `state`: the connection, and what all of a node share.
//! - `cutting`: a socket that is done with.
//! - `writing`: bytes to the socket, at once or from the queue.
//! - `timing`: deadlines, and when the wheel looks again.
//! - `opening`, `closing`: how a connection begins and ends.
//! - `visiting`: pings and closes that are due.
//! - `outbound`: what the hub sees of it.

mod closing;
mod cutting;
mod opening;
mod outbound;
mod state;
mod timing;
mod visiting;
mod writing;

pub use state::{Conn, Connections};
