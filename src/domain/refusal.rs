//! Refusals: why the hub did not do what it was asked, in a code for programs and a sentence for people.

use std::borrow::Cow;
use std::time::Duration;

/// The longest sentence about what cannot be read, in characters.
const SENTENCE_MAX: usize = 500;

/// Stable codes of refusals, the same on WebSocket and HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The frame or body cannot be read, or a field is missing or of the wrong type.
    BadFrame,
    /// Who is asking is not proven.
    Unauthorized,
    /// Who is asking may not do this.
    Forbidden,
    /// What was named does not exist, or not for the one who asks.
    NotFound,
    /// Something exceeds a limit.
    TooLarge,
    /// It contradicts what is already so.
    Conflict,
    /// Too much from this session or user in this time.
    RateLimited,
    /// The hub is at a limit of its own; nothing was taken in.
    Overloaded,
    /// No answer in time; what was asked may or may not have happened. Repeat with the same `cid`.
    Unavailable,
    /// A frame type or kind that this hub does not know.
    Unsupported,
    /// The hub could not do it, for good, for a reason of its own.
    Internal,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Refusal {
    /// For programs.
    pub code: Code,
    /// For people: what to do.
    pub message: Cow<'static, str>,
    /// How long to wait before another try, in milliseconds.
    pub retry_after: Option<u64>,
}

// === impl Code ===

impl Code {
    /// Every code, in the order of the protocol's list.
    pub const ALL: [Code; 11] = [
        Code::BadFrame,
        Code::Unauthorized,
        Code::Forbidden,
        Code::NotFound,
        Code::TooLarge,
        Code::Conflict,
        Code::RateLimited,
        Code::Overloaded,
        Code::Unavailable,
        Code::Unsupported,
        Code::Internal,
    ];

    /// The code of this name, if it is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::BadFrame => "bad_frame",
            Code::Unauthorized => "unauthorized",
            Code::Forbidden => "forbidden",
            Code::NotFound => "not_found",
            Code::TooLarge => "too_large",
            Code::Conflict => "conflict",
            Code::RateLimited => "rate_limited",
            Code::Overloaded => "overloaded",
            Code::Unavailable => "unavailable",
            Code::Unsupported => "unsupported",
            Code::Internal => "internal",
        }
    }
}

// === impl Refusal ===

impl Refusal {
    /// A refusal with a sentence that says what to do.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }

    /// The same, with the time to wait before another try, in milliseconds.
    pub fn retry_after(mut self, ms: u64) -> Self {
        self.retry_after = Some(ms);
        self
    }

    /// A frame or field that cannot be read. Readers quote what they could not read: no more of it is given back than
    /// tells what was meant.
    pub fn bad_frame(message: impl Into<Cow<'static, str>>) -> Self {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(SENTENCE_MAX) {
            message = format!("{}…", &message[..end]).into();
        }
        Self::new(Code::BadFrame, message)
    }

    /// Not for the one who asks.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// In a group that is archived.
    pub fn archived() -> Self {
        Self::forbidden("this group is archived: members read and leave; an admin can bring it back")
    }

    /// Not there, or not for the one who asks.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// More than a limit allows.
    pub fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::TooLarge, message)
    }

    /// No answer in time, or a part of the hub is out of reach.
    pub fn unavailable() -> Self {
        Self::new(Code::Unavailable, "no answer in time; repeat it with the same cid").retry_after(1_000)
    }

    /// Too much in this time; after `wait` there is room for one more.
    pub fn rate_limited(message: impl Into<Cow<'static, str>>, wait: Duration) -> Self {
        Self::new(Code::RateLimited, message).retry_after(wait.as_millis() as u64 + 1)
    }

    /// The hub is full.
    pub fn overloaded(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Overloaded, message).retry_after(1_000)
    }
}

impl From<super::InvalidId> for Refusal {
    fn from(error: super::InvalidId) -> Self {
        Refusal::bad_frame(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_back_all_that_could_not_be_read() {
        assert_eq!(Refusal::bad_frame("ä".repeat(SENTENCE_MAX)).message.chars().count(), SENTENCE_MAX);
        let cut = Refusal::bad_frame("ä".repeat(60_000)).message;
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (SENTENCE_MAX + 1, true));
    }
}
