//! What transports wrap around a frame's bytes.
//!
//! A frame is encoded and wrapped once, in one buffer, for all sessions of an encoding: what they share is the
//! buffer, and no session copies it.

mod client;
mod websocket;

pub use client::{MAX_CLIENT_HEADER, client_frame, client_header};
pub use websocket::{SUBPROTOCOLS, encode, frame_of};
