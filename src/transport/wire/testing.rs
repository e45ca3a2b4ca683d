//! A client's frames, for tests.

use crate::protocol::framing::client_frame;

/// A masked frame with this first byte (FIN, RSV and opcode).
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    client_frame(first, payload, [0x12, 0x34, 0x56, 0x78])
}

/// A whole text message.
pub(crate) fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes())
}
