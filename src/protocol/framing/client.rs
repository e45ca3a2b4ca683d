//! WebSocket frames (RFC 6455) as a client writes them, for those who play one.

/// The longest header of a client's frame: 2 bytes, 8 of length, 4 of mask.
pub const MAX_CLIENT_HEADER: usize = 14;
/// In the second byte: a mask follows the length.
const MASKED: u8 = 0x80;

/// The header of a client's frame that announces so many bytes: its first byte (FIN, reserved bits and
/// opcode), the length in its shortest form, the mask. Not checked: whoever tests a server needs
/// headers that it must refuse.
pub fn client_header(first: u8, length: u64, mask: [u8; 4]) -> Vec<u8> {
    let mut header = Vec::with_capacity(MAX_CLIENT_HEADER);
    header.push(first);
    match length {
        0..=125 => header.push(MASKED | length as u8),
        126..=0xffff => {
            header.push(MASKED | 126);
            header.extend((length as u16).to_be_bytes());
        }
        _ => {
            header.push(MASKED | 127);
            header.extend(length.to_be_bytes());
        }
    }
    header.extend(mask);
    header
}

/// A client's frame: such a header, and the masked payload.
pub fn client_frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = client_header(first, payload.len() as u64, mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_masked_from_its_first_byte() {
        assert_eq!(client_frame(0x81, b"hello", [1, 2, 3, 4])[2..], [1, 2, 3, 4, b'i', b'g', b'o', b'h', b'n']);
    }
}
