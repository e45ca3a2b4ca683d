//! The headers of client frames, read strictly.

use fastwebsockets::OpCode;

use super::Violation;

const MAX_CONTROL: usize = 125;
/// In the second byte: a mask follows the length.
const MASKED: u8 = 0x80;

/// A client frame's header, checked for what can be said without knowing the frames before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub fin: bool,
    pub opcode: OpCode,
    pub mask: [u8; 4],
    pub length: usize,
}

// === impl Header ===

impl Header {
    /// Reads a header from the front of `bytes`: with its own length when it is whole, `None` when
    /// more bytes are needed. What is wrong is found as early as its byte is there.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let (fin, opcode) = first_byte(first)?;
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        if second & MASKED == 0 {
            return Err(Violation::Unmasked);
        }
        let short = second & !MASKED;
        if is_control(opcode) {
            if usize::from(short) > MAX_CONTROL {
                return Err(Violation::ControlTooLong);
            }
            if !fin {
                return Err(Violation::FragmentedControl);
            }
        }
        let Some((length, at)) = length(short, &bytes[2..])? else { return Ok(None) };
        let start = 2 + at;
        let Some(mask) = bytes.get(start..start + 4) else { return Ok(None) };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        Ok(Some((Header { fin, opcode, mask, length }, start + 4)))
    }

    /// Whether it is a control frame's.
    pub fn is_control(&self) -> bool {
        is_control(self.opcode)
    }
}

fn first_byte(byte: u8) -> Result<(bool, OpCode), Violation> {
    if byte & 0x70 != 0 {
        return Err(Violation::ReservedBits);
    }
    let opcode = OpCode::try_from(byte & 0x0f).map_err(|_| Violation::UnknownOpcode(byte & 0x0f))?;
    Ok((byte & 0x80 != 0, opcode))
}

/// The payload's length, and how many bytes after the first two it took.
fn length(short: u8, rest: &[u8]) -> Result<Option<(usize, usize)>, Violation> {
    let (length, size, least) = match short {
        126 => {
            let Some(bytes) = rest.first_chunk::<2>() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*bytes)), 2, 126)
        }
        127 => {
            let Some(bytes) = rest.first_chunk::<8>() else { return Ok(None) };
            (u64::from_be_bytes(*bytes), 8, 0x1_0000)
        }
        short => (u64::from(short), 0, 0),
    };
    if length < least || length >> 63 != 0 {
        return Err(Violation::Length);
    }
    // On a 32-bit machine a length beyond memory is beyond every limit too.
    Ok(Some((usize::try_from(length).unwrap_or(usize::MAX), size)))
}

fn is_control(opcode: OpCode) -> bool {
    matches!(opcode, OpCode::Close | OpCode::Ping | OpCode::Pong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::framing::client_header;

    #[test]
    fn what_is_written_is_read_again() {
        let mask = [1, 2, 3, 4];
        for length in [0, 1, 125, 126, 127, 0xffff, 0x1_0000, u64::MAX >> 1] {
            let written = client_header(0x82, length, mask);
            let (header, size) = Header::parse(&written).unwrap().unwrap();
            assert_eq!((header.length as u64, header.mask, size), (length, mask, written.len()));
            assert!(header.fin && header.opcode == OpCode::Binary);
        }
    }
}
