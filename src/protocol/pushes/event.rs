//! An event, as clients see it.

use std::sync::LazyLock;

use serde::Serialize;

use super::ReactionList;
use crate::domain::{Cid, Data, Event, GroupId, Kind, Mentions, Millis, Seq, UserId};
use crate::protocol::form::frame;

frame! {
    /// An event of a group.
    #[frame("message")]
    #[derive(Debug, Clone, Copy, Serialize)]
    pub struct WireEvent<'a> {
        /// The group.
        pub group: &'a GroupId,
        /// Its place in the group's sequence.
        pub seq: Seq,
        /// Events up to here that make something unread.
        pub n: u64,
        /// Who sent it.
        pub from: &'a UserId,
        /// When it was stored.
        pub time: Millis,
        /// What sort of event; of one that you do not know, keep the seq.
        pub kind: &'a str,
        /// There and false for what is not to be shown to people.
        #[serde(skip_serializing_if = "is_true")]
        pub shown: bool,
        /// What was said.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub text: Option<&'a str>,
        /// The event that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub r#ref: Option<&'a str>,
        /// More about it; for membership, `users`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub data: Option<&'a Data>,
        /// Whom it mentions: a list of ids, or `all`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub mentions: Option<&'a Mentions>,
        /// Only to the sender's own sessions.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cid: Option<&'a Cid>,
        /// True for what is pinned, where the event comes from the store.
        #[serde(skip_serializing_if = "is_false")]
        pub pinned: bool,
        /// When the text was edited that stands here, where the event comes from the store.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub edited: Option<Millis>,
        /// When it was deleted, and by whom, where the event comes from the store: nothing of what it said is left.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub deleted: Option<Deleted<'a>>,
        /// A list of `{emoji, count, mine}`, the emoji used first in front, where the event comes from the store.
        #[serde(skip_serializing_if = "ReactionList::is_empty")]
        pub reactions: ReactionList<'a>,
        /// How many replies it has, where the event comes from the store.
        #[serde(skip_serializing_if = "is_zero")]
        pub replies: u64,
    }
}

/// That an event was deleted.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Deleted<'a> {
    /// When.
    pub time: Millis,
    /// Who did it.
    pub by: &'a UserId,
}

/// Who voids are from, whatever they stand for.
static NOBODY: LazyLock<UserId> = LazyLock::new(UserId::hub);

fn is_false(pinned: &bool) -> bool {
    !*pinned
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn is_true(shown: &bool) -> bool {
    *shown
}

// === impl WireEvent ===

impl<'a> WireEvent<'a> {
    /// The event as everybody sees it. Of a void nobody sees what it stands for.
    pub fn public(event: &'a Event) -> Self {
        let is_void = event.kind == Kind::Void;
        Self {
            group: &event.group,
            seq: event.seq,
            n: event.n,
            from: if is_void { &NOBODY } else { &event.from },
            time: event.time,
            kind: event.kind.as_str(),
            shown: event.traits.shown,
            text: event.current_text(),
            r#ref: event.reference.as_deref(),
            data: event.data.as_ref().filter(|_| !is_void),
            mentions: event.mentions.as_ref(),
            cid: None,
            pinned: event.state.pin.is_on(),
            edited: event.state.edit.as_ref().map(|edit| edit.time),
            deleted: event.state.erasure.as_ref().map(|erasure| Deleted { time: erasure.time, by: &erasure.by }),
            reactions: ReactionList::new(&event.state.reactions),
            replies: event.state.replies,
        }
    }

    /// The event as `reader` would have seen it when it was said.
    pub fn as_said(event: &'a Event, reader: &UserId) -> Self {
        let text = event.text.as_deref();
        let reactions = ReactionList::default();
        Self {
            text,
            pinned: false,
            edited: None,
            deleted: None,
            reactions,
            replies: 0,
            ..Self::for_reader(event, reader)
        }
    }

    /// The event as `reader` sees it: with its cid when it is their own.
    pub fn for_reader(event: &'a Event, reader: &UserId) -> Self {
        let own = event.from == *reader && !event.cid.is_hub_made() && event.kind != Kind::Void;
        Self { cid: own.then_some(&event.cid), ..Self::public(event) }
    }
}
