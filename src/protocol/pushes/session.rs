//! What a session is told of itself: its beginning, what the hub can do, and its end.

use serde::Serialize;

use super::GroupView;
use crate::domain::{Millis, Place, SessionId, UserId};
use crate::protocol::form::frame;

frame! {
    /// The answer to the first `hello`.
    #[frame("welcome")]
    #[derive(Debug, Serialize)]
    pub struct Welcome<'a> {
        /// This connection.
        pub session: &'a SessionId,
        /// Who the hub takes the client for.
        pub user: &'a UserId,
        /// The node that holds the connection.
        pub node: &'a str,
        /// The hub's time.
        pub time: Millis,
        /// How often the hub pings a silent client, in milliseconds.
        pub heartbeat: u64,
        /// What the hub accepts at most.
        pub limits: Limits,
        /// What this hub can do beyond the base protocol, on all of its nodes.
        pub features: &'a [String],
        /// The user's groups, newest activity first, 200 at most.
        pub groups: Vec<GroupView<'a>>,
        /// Whether there are more groups: ask with `groups`.
        pub more: bool,
        /// Where there are more: the `cursor` to ask with.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next: Option<&'a Place>,
    }
}

frame! {
    /// The features are others than those told before: a node of another version came or went.
    #[frame("features")]
    #[derive(Debug, Serialize)]
    pub struct Features<'a> {
        /// All of them, sorted.
        pub features: &'a [String],
    }
}

frame! {
    /// The hub is about to close this connection.
    #[frame("bye")]
    #[derive(Debug, Serialize)]
    pub struct Bye<'a> {
        /// The close code that follows.
        pub code: u16,
        /// Whether to come back.
        pub reconnect: bool,
        /// How long to wait before coming back, in milliseconds.
        pub after: u64,
        /// Where to come back to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub url: Option<&'a str>,
    }
}

/// What the hub accepts at most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limits {
    /// Length of a text, in Unicode scalar values.
    pub text: usize,
    /// Size of `data` as JSON, in bytes.
    pub data: usize,
    /// Size of a frame, in bytes.
    pub frame: usize,
    /// Length of a cid, in bytes.
    pub cid: usize,
    /// Members of a group.
    pub members: usize,
    /// Groups in a `watch`.
    pub watch: usize,
    /// Events in a `history`.
    pub history: usize,
}
