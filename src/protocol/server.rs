//! What the hub says.

use std::sync::{Arc, LazyLock};

use serde::Serialize;

use super::{MemberList, RequestId};
use crate::domain::{Access, Cid, Data, Event, GroupId, GroupKind, Kind, Millis, Refusal, Seq, SessionId, UserId};

/// A frame from the hub to a client.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ServerFrame<'a> {
    /// The answer to the first `hello`.
    Welcome {
        /// This connection.
        session: &'a SessionId,
        /// Who the hub takes the client for.
        user: &'a UserId,
        /// The node that holds the connection.
        node: &'a str,
        /// The hub's time.
        time: Millis,
        /// How often the hub pings a silent client, in milliseconds.
        heartbeat: u64,
        /// What the hub accepts at most.
        limits: Limits,
        /// What this hub can do beyond the base protocol, on all of its nodes.
        features: &'a [String],
        /// The user's groups, newest activity first, 200 at most.
        groups: Vec<GroupView<'a>>,
        /// Whether there are more groups; ask with `groups`.
        more: bool,
    },
    /// The features are others than those told before: a node of another version came or went.
    Features {
        /// All of them, sorted.
        features: &'a [String],
    },
    /// An event of a group.
    Message(WireEvent<'a>),
    /// A send is stored.
    Ack {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
        /// The group.
        group: &'a GroupId,
        /// The sender's id of it.
        cid: &'a Cid,
        /// Its place.
        seq: Seq,
        /// Its time.
        time: Millis,
    },
    /// A request was not carried out.
    Error {
        /// The request, when it could be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
        /// See [`crate::domain::Code`].
        code: &'static str,
        /// What to do, for people.
        message: &'a str,
        /// Milliseconds to wait before another try.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// How far somebody has come in a group.
    Receipt {
        /// The group.
        group: &'a GroupId,
        /// Who.
        user: &'a UserId,
        /// Read up to here.
        read: Seq,
        /// Held by a device up to here.
        delivered: Seq,
    },
    /// Somebody types.
    Typing {
        /// Where.
        group: &'a GroupId,
        /// Who.
        user: &'a UserId,
    },
    /// Who is online.
    Presence {
        /// The `watch` that this answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
        /// The users that are told of.
        users: &'a [PresenceView],
    },
    /// A group that the client did not know, or that changed.
    Group {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
        /// The group's id.
        id: &'a GroupId,
        /// What sort of group.
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<GroupKind>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        access: Option<Access>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<usize>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        head: Option<Seq>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        n: Option<u64>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        read: Option<Seq>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        unread: Option<u64>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<Seq>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        last: Option<WireEvent<'a>>,
        /// See [`GroupView`].
        #[serde(skip_serializing_if = "Option::is_none")]
        members: Option<&'a MemberList>,
        /// True when the user is no longer in it; the rest is absent then.
        #[serde(skip_serializing_if = "Option::is_none")]
        gone: Option<bool>,
    },
    /// A page of the user's groups.
    Groups {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
        /// Newest activity first.
        groups: &'a [GroupView<'a>],
        /// Whether there are more after these.
        more: bool,
    },
    /// A page of a group's history.
    History {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
        /// The group.
        group: &'a GroupId,
        /// Ascending.
        messages: Vec<WireEvent<'a>>,
        /// Whether there are more in the direction asked.
        more: bool,
    },
    /// What is pinned in a group.
    Pins {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
        /// The group.
        group: &'a GroupId,
        /// Newest first, 100 at most.
        messages: Vec<WireEvent<'a>>,
        /// Whether there are more than these.
        more: bool,
    },
    /// Seqs that will not be replayed here.
    Gap {
        /// The group.
        group: &'a GroupId,
        /// The first of them.
        from: Seq,
        /// The last of them.
        to: Seq,
        /// Why.
        reason: GapReason,
    },
    /// Done.
    Ok {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
    },
    /// The answer to a `ping`.
    Pong {
        /// The request.
        #[serde(skip_serializing_if = "Option::is_none")]
        re: Option<&'a RequestId>,
    },
    /// The hub is about to close this connection.
    Bye {
        /// The close code that follows.
        code: u16,
        /// Whether to come back.
        reconnect: bool,
        /// How long to wait before coming back, in milliseconds.
        after: u64,
        /// Where to come back to.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<&'a str>,
    },
}

/// An event as clients see it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct WireEvent<'a> {
    /// See [`Event`].
    pub group: &'a GroupId,
    /// See [`Event`].
    pub seq: Seq,
    /// See [`Event`].
    pub n: u64,
    /// See [`Event`].
    pub from: &'a UserId,
    /// See [`Event`].
    pub time: Millis,
    /// See [`Event`].
    pub kind: &'a str,
    /// False for what is not shown to people; absent otherwise.
    #[serde(skip_serializing_if = "is_true")]
    pub shown: bool,
    /// See [`Event`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    /// See [`Event`].
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<&'a str>,
    /// See [`Event`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a Data>,
    /// Only for the sender's own sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cid: Option<&'a Cid>,
    /// True for what is pinned, where the event comes from the store; absent otherwise.
    #[serde(skip_serializing_if = "is_false")]
    pub pinned: bool,
}

/// Who voids are from, whatever they stand for.
static NOBODY: LazyLock<UserId> = LazyLock::new(UserId::hub);

fn is_false(pinned: &bool) -> bool {
    !*pinned
}

fn is_true(shown: &bool) -> bool {
    *shown
}

/// A group as one user sees it.
#[derive(Debug, Clone, Serialize)]
pub struct GroupView<'a> {
    /// Its id.
    pub id: GroupId,
    /// What sort of group.
    pub kind: GroupKind,
    /// Its name; empty for a direct chat.
    pub name: String,
    /// Who may join.
    pub access: Access,
    /// How many members.
    pub count: usize,
    /// Seq of the newest stored event.
    pub head: Seq,
    /// `n` at the head.
    pub n: u64,
    /// The user's read mark.
    pub read: Seq,
    /// Unread events: `n` at the head − `n` at the read mark.
    pub unread: u64,
    /// The oldest seq still stored.
    pub first: Seq,
    /// The newest event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<WireEvent<'a>>,
    /// The members, in groups of at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Arc<MemberList>>,
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

/// Why seqs will not be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// More than 1,000 were missed: ask for the older ones with `history`.
    TooMany,
    /// Removed by retention.
    Expired,
    /// The cursor lies above the head: drop what is held above it.
    Reset,
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
            text: event.text.as_deref(),
            reference: event.reference.as_deref(),
            data: event.data.as_ref().filter(|_| !is_void),
            cid: None,
            pinned: event.state.pin.is_on(),
        }
    }

    /// The event as `reader` sees it: with its cid when it is their own.
    pub fn for_reader(event: &'a Event, reader: &UserId) -> Self {
        let own = event.from == *reader && !event.cid.is_hub_made() && event.kind != Kind::Void;
        Self { cid: own.then_some(&event.cid), ..Self::public(event) }
    }
}

// === impl ServerFrame ===

impl<'a> ServerFrame<'a> {
    /// The frame that tells a refusal.
    pub fn refusal(re: Option<&'a RequestId>, refusal: &'a Refusal) -> Self {
        ServerFrame::Error {
            re,
            code: refusal.code.as_str(),
            message: &refusal.message,
            retry_after: refusal.retry_after,
        }
    }

    /// The frame that tells of a group.
    pub fn group(re: Option<&'a RequestId>, group: &'a GroupView<'a>) -> Self {
        ServerFrame::Group {
            re,
            id: &group.id,
            kind: Some(group.kind),
            name: Some(&group.name),
            access: Some(group.access),
            count: Some(group.count),
            head: Some(group.head),
            n: Some(group.n),
            read: Some(group.read),
            unread: Some(group.unread),
            first: Some(group.first),
            last: group.last,
            members: group.members.as_deref(),
            gone: None,
        }
    }

    /// The frame that tells that the user is no longer in a group.
    pub fn gone(re: Option<&'a RequestId>, id: &'a GroupId) -> Self {
        ServerFrame::Group {
            re,
            id,
            kind: None,
            name: None,
            access: None,
            count: None,
            head: None,
            n: None,
            read: None,
            unread: None,
            first: None,
            last: None,
            members: None,
            gone: Some(true),
        }
    }
}
