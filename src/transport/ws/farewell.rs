//! What is said before the hub closes a connection.

use bytes::Bytes;

use crate::ports::CloseCode;
use crate::protocol::{Encoding, ServerFrame, encode};

/// How long to wait before coming back after overload, in milliseconds: clients add jitter of their own.
const AFTER_OVERLOAD: u64 = 1_000;

/// The `bye` that comes before the close frame. `None` where the client does not speak (it breaks the
/// protocol, or closes itself), and for a restart, of which the hub tells with a place to go.
pub(super) fn bye(code: CloseCode, encoding: Encoding) -> Option<Bytes> {
    let reconnect = match code {
        CloseCode::POLICY | CloseCode(4000..=4099) => false,
        CloseCode::INTERNAL | CloseCode::TRY_LATER | CloseCode(4100..=4199) => true,
        _ => return None,
    };
    let after = if code == CloseCode::TRY_LATER { AFTER_OVERLOAD } else { 0 };
    Some(encode(&ServerFrame::Bye { code: code.0, reconnect, after, url: None }, encoding))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: CloseCode) -> Option<serde_json::Value> {
        let frame = bye(code, Encoding::Json)?;
        Some(serde_json::from_slice(&frame[2..]).unwrap())
    }

    #[test]
    fn codes_say_whether_to_come_back() {
        for (code, reconnect, after) in [
            (CloseCode::TRY_LATER, true, 1_000),
            (CloseCode::IDLE, true, 0),
            (CloseCode::NO_HELLO, false, 0),
            (CloseCode::TOKEN_EXPIRED, false, 0),
            (CloseCode::POLICY, false, 0),
        ] {
            let expected = serde_json::json!({"type": "bye", "code": code.0, "reconnect": reconnect, "after": after});
            assert_eq!(said(code), Some(expected));
        }
        for code in [CloseCode::NORMAL, CloseCode::TOO_BIG, CloseCode::RESTART, CloseCode(1002)] {
            assert_eq!(said(code), None);
        }
    }
}
