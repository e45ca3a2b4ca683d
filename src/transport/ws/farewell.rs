//! What is said before the hub closes a connection.

use bytes::Bytes;

use crate::domain::{ComeBack, Ending};
use crate::protocol::{Encoding, ServerFrame, encode, pushes};
use crate::transport::wire::CloseCode;

/// The `bye` that comes before the close frame.
pub(super) fn bye(ending: &Ending, encoding: Encoding) -> Bytes {
    let (reconnect, after) = match ending.come_back() {
        ComeBack::No => (false, 0),
        ComeBack::After(after) => (true, after),
    };
    let code = CloseCode::from(ending).0;
    encode(&ServerFrame::Bye(pushes::Bye { code, reconnect, after, url: ending.url() }), encoding)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn endings_say_whether_to_come_back_and_where() {
        let elsewhere = Ending::Restart { after: 70, url: Some("wss://b/ws".into()) };
        for (ending, code, reconnect, after) in [
            (Ending::SlowReader, 1013, true, 1_000),
            (Ending::Idle, 4101, true, 0),
            (Ending::NoHello, 4001, false, 0),
            (Ending::TokenExpired, 4002, false, 0),
            (Ending::Flood, 1008, false, 0),
            (Ending::restarting(), 1012, true, 1_000),
            (elsewhere, 1012, true, 70),
        ] {
            let mut expected = json!({"type": "bye", "code": code, "reconnect": reconnect, "after": after});
            if let Some(url) = ending.url() {
                expected["url"] = json!(url);
            }
            let frame = bye(&ending, Encoding::Json);
            assert_eq!(serde_json::from_slice::<Value>(&frame[2..]).unwrap(), expected);
        }
    }
}
