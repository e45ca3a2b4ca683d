//! What transports wrap around a frame's bytes.
//!
//! A frame is encoded and wrapped once, in one buffer, for all sessions of an encoding: what they share is the
//! buffer, and no session copies it.

mod websocket;

pub use websocket::{SUBPROTOCOLS, encode, frame_of};
