//! What a client may not do on the wire.

/// A breach of RFC 6455, or of the limits and types that this connection takes. It ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A reserved bit is set, and no extension was agreed on.
    #[error("a reserved bit is set")]
    ReservedBits,
    /// An opcode that has no meaning.
    #[error("unknown opcode {0}")]
    UnknownOpcode(u8),
    /// A client's frame without a mask.
    #[error("frames from clients must be masked")]
    Unmasked,
    /// A control frame longer than 125 bytes.
    #[error("control frames are at most 125 bytes")]
    ControlTooLong,
    /// A control frame that says that more is to come.
    #[error("control frames cannot be fragmented")]
    FragmentedControl,
    /// A length written in more bytes than it needs, or beyond 2^63.
    #[error("the frame's length is not in its shortest form")]
    Length,
    /// A continuation of nothing.
    #[error("a continuation without a message begun")]
    UnexpectedContinuation,
    /// A new message before the last one was finished.
    #[error("a message begins before the last one ended")]
    UnfinishedMessage,
    /// A message (all its fragments together) beyond the limit.
    #[error("messages are at most {limit} bytes")]
    TooBig {
        /// The most that is taken, in bytes.
        limit: usize,
    },
    /// Text that is not UTF-8.
    #[error("text must be UTF-8")]
    InvalidUtf8,
    /// Text where binary is spoken, or the other way round.
    #[error("this subprotocol uses the other frame type")]
    WrongType,
    /// A close frame with a code that must not be sent, or with half a code.
    #[error("the close frame is not valid")]
    InvalidClose,
}

// === impl Violation ===

impl Violation {
    /// The reason given with the code.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ReservedBits => "reserved bit set",
            Self::UnknownOpcode(_) => "unknown opcode",
            Self::Unmasked => "frame not masked",
            Self::ControlTooLong => "control frame too long",
            Self::FragmentedControl => "control frame fragmented",
            Self::Length => "length not in shortest form",
            Self::UnexpectedContinuation => "unexpected continuation",
            Self::UnfinishedMessage => "unfinished message",
            Self::TooBig { .. } => "message too big",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::WrongType => "wrong frame type for this subprotocol",
            Self::InvalidClose => "invalid close frame",
        }
    }
}
