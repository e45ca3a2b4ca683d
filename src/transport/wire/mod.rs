//! The WebSocket wire (RFC 6455) as a server reads it, strictly and without I/O.
//!
//! - [`FrameDecoder`]: takes bytes as they arrive, in whatever pieces, and gives whole messages and control
//!   frames, or the [`Violation`] that ends the connection.
//! - [`CloseCode`]: what a connection is closed with, for each ending and violation.
//! - [`close_frame`], [`ping_frame`], [`push_pong`]: the control frames of a server.
//!
//! Masking, opcodes and close codes are those of `fastwebsockets`.

mod close_code;
mod control;
mod frame_decoder;
mod header;
mod utf8;
mod violation;

pub use close_code::{CLOSE_CODES, CloseCode};
pub use control::{close_frame, ping_frame, push_pong};
pub use frame_decoder::{FrameDecoder, Item, Message, Rules};
pub use violation::Violation;

#[cfg(test)]
pub(crate) mod testing;
