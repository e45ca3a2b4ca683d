//! What passes between people and is never stored: how far they have come, that they type, who is online.

use serde::Serialize;

use crate::domain::{GroupId, Millis, Seq, UserId};
use crate::protocol::RequestId;
use crate::protocol::form::frame;

frame! {
    /// How far somebody has come in a group: coalesced, live in groups of at most 200.
    #[frame("receipt")]
    #[derive(Debug, Serialize)]
    pub struct Receipt<'a> {
        /// The group.
        pub group: &'a GroupId,
        /// Who.
        pub user: &'a UserId,
        /// Read up to here. Marks never go back: 0 where only `delivered` has moved.
        pub read: Seq,
        /// Held by a device up to here.
        pub delivered: Seq,
    }
}

frame! {
    /// Somebody types.
    #[frame("typing")]
    #[derive(Debug, Serialize)]
    pub struct Typing<'a> {
        /// Where.
        pub group: &'a GroupId,
        /// Who.
        pub user: &'a UserId,
    }
}

frame! {
    /// Who is online: to those who watch, and to partners of direct chats.
    #[frame("presence")]
    #[derive(Debug, Serialize)]
    pub struct Presence<'a> {
        /// The `watch` that this answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// A list of `{id, online, last_seen}`.
        pub users: &'a [PresenceView],
    }
}

/// Somebody's presence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PresenceView {
    /// Who.
    pub id: UserId,
    /// Whether any of their devices is connected.
    pub online: bool,
    /// When they were last seen, in Unix milliseconds; 0 when unknown.
    pub last_seen: Millis,
}
