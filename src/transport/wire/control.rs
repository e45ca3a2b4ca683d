//! The control frames that a server sends, and the close frames that it reads.

use bytes::Bytes;

use super::{CloseCode, Violation};

const FINAL: u8 = 0x80;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
/// A control frame's 125 bytes less the code's two.
const MAX_REASON: usize = 123;

/// A close frame. Without a code (as answer to one without) it is empty. A reason that is too long
/// is cut.
pub fn close_frame(code: Option<CloseCode>, reason: &str) -> Bytes {
    let Some(CloseCode(code)) = code else { return Bytes::from_static(&[FINAL | CLOSE, 0]) };
    let end = (0..=MAX_REASON).rev().find(|at| reason.is_char_boundary((*at).min(reason.len())));
    let reason = &reason[..end.unwrap_or(0).min(reason.len())];
    let mut frame = Vec::with_capacity(4 + reason.len());
    frame.extend([FINAL | CLOSE, 2 + reason.len() as u8]);
    frame.extend(code.to_be_bytes());
    frame.extend(reason.as_bytes());
    frame.into()
}

/// A ping without payload.
pub fn ping_frame() -> Bytes {
    Bytes::from_static(&[FINAL | PING, 0])
}

/// Adds the pong that answers a ping with this payload (at most 125 bytes, as the guard has checked).
pub fn push_pong(frames: &mut Vec<u8>, payload: &[u8]) {
    frames.extend([FINAL | PONG, payload.len() as u8]);
    frames.extend(payload);
}

/// Checks a close frame's payload and gives its code.
pub(super) fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::InvalidClose) };
    };
    let code = u16::from_be_bytes(*code);
    if !fastwebsockets::CloseCode::from(code).is_allowed() {
        return Err(Violation::InvalidClose);
    }
    std::str::from_utf8(reason).map_err(|_| Violation::InvalidUtf8)?;
    Ok(Some(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_frames_hold_code_and_reason() {
        assert_eq!(&close_frame(None, "x")[..], [0x88, 0]);
        assert_eq!(&close_frame(Some(CloseCode::NORMAL), "ok")[..], [0x88, 4, 0x03, 0xe8, b'o', b'k']);
        let long = close_frame(Some(CloseCode::NORMAL), &"ü".repeat(100));
        assert_eq!(long.len(), 4 + 122);
        assert!(std::str::from_utf8(&long[4..]).is_ok());
    }

    #[test]
    fn codes_that_must_not_be_sent_are_refused() {
        for code in [0u16, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
            assert_eq!(close_code(&code.to_be_bytes()), Err(Violation::InvalidClose), "{code}");
        }
        for code in [1000u16, 1001, 1003, 1007, 1011, 1012, 1013, 3000, 3999, 4000, 4999] {
            assert_eq!(close_code(&code.to_be_bytes()), Ok(Some(code)));
        }
        assert_eq!(close_code(b""), Ok(None));
        assert_eq!(close_code(b"\x03"), Err(Violation::InvalidClose));
        assert_eq!(close_code(b"\x03\xe8\xff"), Err(Violation::InvalidUtf8));
    }
}
