//! The one table of close codes: what a connection is closed with, for each ending of a session and each
//! violation of the wire.

use super::Violation;
use crate::domain::Ending;

/// A WebSocket close code. Its range says what a client that got no `bye` does, see [`CloseCode::is_final`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

/// Every code that the hub closes with, and what it means, as docs/protocol.md has it.
pub const CLOSE_CODES: [(CloseCode, &str); 15] = [
    (CloseCode::NORMAL, "the client has closed: it gets its own code back"),
    (CloseCode::PROTOCOL, "a breach of RFC 6455"),
    (CloseCode::UNSUPPORTED, "the other frame type than the subprotocol's"),
    (CloseCode::INVALID, "text that is not UTF-8"),
    (CloseCode::POLICY, "a flood of requests or control frames"),
    (CloseCode::TOO_BIG, "a message beyond the limit"),
    (CloseCode::INTERNAL, "the hub failed"),
    (CloseCode::RESTART, "the node restarts: another one may be named by `url`"),
    (CloseCode::TRY_LATER, "overload, a part of the hub out of reach, or a reader too slow"),
    (CloseCode::NO_HELLO, "no valid `hello`, or none in time"),
    (CloseCode::TOKEN_EXPIRED, "the token has run out: come back with another one"),
    (CloseCode::BANNED, "banned"),
    (CloseCode::TAKEN_OVER, "another device of the user's took over, where one at a time is connected"),
    (CloseCode::REPLACED, "an operator ended the session"),
    (CloseCode::IDLE, "nothing heard for too long"),
];

// === impl CloseCode ===

impl CloseCode {
    /// Done, at the client's wish.
    pub const NORMAL: Self = Self(1000);
    /// A breach of RFC 6455.
    pub const PROTOCOL: Self = Self(1002);
    /// A frame of a type that this connection does not take.
    pub const UNSUPPORTED: Self = Self(1003);
    /// Text that is not UTF-8.
    pub const INVALID: Self = Self(1007);
    /// Against the rules: too much.
    pub const POLICY: Self = Self(1008);
    /// A message beyond the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// The hub failed.
    pub const INTERNAL: Self = Self(1011);
    /// The node restarts.
    pub const RESTART: Self = Self(1012);
    /// Overload, or a reader too slow.
    pub const TRY_LATER: Self = Self(1013);
    /// No valid hello.
    pub const NO_HELLO: Self = Self(4001);
    /// The token ran out.
    pub const TOKEN_EXPIRED: Self = Self(4002);
    /// Banned.
    pub const BANNED: Self = Self(4003);
    /// Another device took over.
    pub const TAKEN_OVER: Self = Self(4004);
    /// The session was ended from outside.
    pub const REPLACED: Self = Self(4100);
    /// Nothing heard for too long.
    pub const IDLE: Self = Self(4101);

    /// Whether a client that is closed with it does not come back as it is: 1008, and 4000 to 4099. From all others
    /// it comes back.
    pub fn is_final(self) -> bool {
        matches!(self.0, 1008 | 4000..=4099)
    }
}

impl From<&Ending> for CloseCode {
    fn from(ending: &Ending) -> Self {
        match ending {
            Ending::NoHello | Ending::HelloLate => Self::NO_HELLO,
            Ending::TokenExpired => Self::TOKEN_EXPIRED,
            Ending::Banned => Self::BANNED,
            Ending::Flood => Self::POLICY,
            Ending::Kicked => Self::REPLACED,
            Ending::TakenOver => Self::TAKEN_OVER,
            Ending::Idle => Self::IDLE,
            Ending::SlowReader | Ending::Unavailable => Self::TRY_LATER,
            Ending::Restart { .. } => Self::RESTART,
            Ending::Failed => Self::INTERNAL,
        }
    }
}

impl From<Violation> for CloseCode {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::TooBig { .. } => Self::TOO_BIG,
            Violation::InvalidUtf8 => Self::INVALID,
            Violation::WrongType => Self::UNSUPPORTED,
            _ => Self::PROTOCOL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ComeBack;

    #[test]
    fn codes_and_endings_agree_on_who_comes_back() {
        for ending in Ending::ALL {
            let code = CloseCode::from(&ending);
            assert_eq!(code.is_final(), ending.come_back() == ComeBack::No, "{ending:?}");
            assert!(CLOSE_CODES.iter().any(|(listed, _)| *listed == code), "{ending:?} is not in the table");
        }
        let ends = |code: u16| CloseCode(code).is_final();
        assert!(ends(4000) && ends(4099) && !ends(3999) && !ends(4100));
    }
}
