//! Frames on WebSockets: each a message of its own, in one frame of RFC 6455.
//!
//! Server frames carry no mask, so header and payload are the same bytes for everybody. The header is written in
//! front of the payload, into room that was left for it.

use bytes::Bytes;

use crate::protocol::{Encoding, ServerFrame};

/// Subprotocol names. Of several that a client offers it gets the first that is one of these.
pub const SUBPROTOCOLS: [(&str, Encoding); 2] =
    [("hubbub.v1.msgpack", Encoding::MsgPack), ("hubbub.v1.json", Encoding::Json)];

/// The longest header of an unmasked server frame.
const HEADER_ROOM: usize = 10;
/// Most frames fit without growing.
const USUAL_SIZE: usize = 256;

/// Encodes a frame once, for all sockets of an encoding.
pub fn encode(frame: &ServerFrame<'_>, encoding: Encoding) -> Bytes {
    let mut buffer = Vec::with_capacity(USUAL_SIZE);
    buffer.resize(HEADER_ROOM, 0);
    encoding.write(frame, &mut buffer);
    with_header(buffer, encoding.is_text())
}

/// Wraps a payload that is encoded already into one WebSocket frame.
pub fn frame_of(payload: &[u8], encoding: Encoding) -> Bytes {
    let mut buffer = Vec::with_capacity(HEADER_ROOM + payload.len());
    buffer.resize(HEADER_ROOM, 0);
    buffer.extend_from_slice(payload);
    with_header(buffer, encoding.is_text())
}

/// Puts the header right before the payload, which begins at `HEADER_ROOM`.
fn with_header(mut buffer: Vec<u8>, text: bool) -> Bytes {
    let length = buffer.len() - HEADER_ROOM;
    let first = 0x80 | if text { 0x1 } else { 0x2 };
    let start = match length {
        0..=125 => {
            buffer[HEADER_ROOM - 1] = length as u8;
            HEADER_ROOM - 2
        }
        126..=0xffff => {
            buffer[HEADER_ROOM - 3] = 126;
            buffer[HEADER_ROOM - 2..HEADER_ROOM].copy_from_slice(&(length as u16).to_be_bytes());
            HEADER_ROOM - 4
        }
        _ => {
            buffer[HEADER_ROOM - 9] = 127;
            buffer[HEADER_ROOM - 8..HEADER_ROOM].copy_from_slice(&(length as u64).to_be_bytes());
            0
        }
    };
    buffer[start] = first;
    Bytes::from(buffer).slice(start..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_every_length_class() {
        for (length, header) in [
            (5, vec![0x81, 5]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xff, 0xff]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let bytes = frame_of(&vec![b'x'; length], Encoding::Json);
            assert_eq!(&bytes[..header.len()], &header[..]);
            assert_eq!(bytes.len(), header.len() + length);
        }
        assert_eq!(frame_of(b"x", Encoding::MsgPack)[0], 0x82);
    }
}
