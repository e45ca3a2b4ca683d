//! Endings: why the hub ends a session, whatever carries it, and whether its client should come back.

use std::sync::Arc;

/// Why the hub ends a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Who is asking is not proven: the first frame was no valid `hello`.
    NoHello,
    /// Nothing was said in time.
    HelloLate,
    /// The token ran out, before or during the session.
    TokenExpired,
    /// The user is banned.
    Banned,
    /// Too much at once, and no end of it.
    Flood,
    /// An operator ends the session; nothing is wrong with its user.
    Kicked,
    /// Another device of the user's took over, where one at a time is connected.
    TakenOver,
    /// Nothing was heard for too long.
    Idle,
    /// What waits for the client is not read.
    SlowReader,
    /// A part of the hub is out of reach, or there is no room now.
    Unavailable,
    /// The node restarts.
    Restart {
        /// How long to wait before coming back, in milliseconds.
        after: u64,
        /// Another node to come back to, where one is known.
        url: Option<Arc<str>>,
    },
    /// The hub failed.
    Failed,
}

/// Whether and how a client comes back after an ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComeBack {
    /// It does not, as it is: with another token, or as another user.
    No,
    /// It does, after so many milliseconds. Clients add a jitter of their own.
    After(u64),
}

/// Overload passes sooner where nobody comes back at once.
const AFTER_OVERLOAD: u64 = 1_000;

// === impl Ending ===

impl Ending {
    /// Every ending, in the order of the docs.
    pub const ALL: [Ending; 12] = [
        Ending::NoHello,
        Ending::HelloLate,
        Ending::TokenExpired,
        Ending::Banned,
        Ending::Flood,
        Ending::Kicked,
        Ending::TakenOver,
        Ending::Idle,
        Ending::SlowReader,
        Ending::Unavailable,
        Ending::Restart { after: 0, url: None },
        Ending::Failed,
    ];

    /// The ending of a session that begins on a node which restarts.
    pub fn restarting() -> Self {
        Ending::Restart { after: AFTER_OVERLOAD, url: None }
    }

    /// The reason in words.
    pub fn reason(&self) -> &'static str {
        match self {
            Ending::NoHello => "no valid hello",
            Ending::HelloLate => "no hello in time",
            Ending::TokenExpired => "the token has run out",
            Ending::Banned => "banned",
            Ending::Flood => "too many requests",
            Ending::Kicked => "kicked",
            Ending::TakenOver => "another device took over",
            Ending::Idle => "nothing heard for too long",
            Ending::SlowReader => "reading too slowly",
            Ending::Unavailable => "not now: come back later",
            Ending::Restart { .. } => "the node restarts",
            Ending::Failed => "the hub failed",
        }
    }

    /// Whether and how the client comes back.
    pub fn come_back(&self) -> ComeBack {
        match self {
            Ending::NoHello | Ending::HelloLate | Ending::TokenExpired => ComeBack::No,
            Ending::Banned | Ending::Flood | Ending::TakenOver => ComeBack::No,
            Ending::Kicked | Ending::Idle | Ending::Failed => ComeBack::After(0),
            Ending::SlowReader | Ending::Unavailable => ComeBack::After(AFTER_OVERLOAD),
            Ending::Restart { after, .. } => ComeBack::After(*after),
        }
    }

    /// Another node to come back to, where one is known.
    pub fn url(&self) -> Option<&str> {
        match self {
            Ending::Restart { url, .. } => url.as_deref(),
            _ => None,
        }
    }
}
