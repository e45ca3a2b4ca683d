//! What nodes say to each other and keep in the backplane, as MessagePack with a version.

mod entry;
mod news;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::domain::{
    Cid, Code, Data, Event, EventState, GroupId, Kind, Mentions, Millis, Seq, SessionId, Traits, UserId, stored,
};

pub(crate) use entry::{Body, event_of, is_entitled};
pub(crate) use news::UserNews;

/// Version of everything in this file, and of the bodies of entries. It rises only for what an older node would misread: fields and items may be
/// added without. What has a higher one waits, or is left to others.
pub(crate) const VERSION: u8 = 1;

/// What a node tells another through its inbox.
#[derive(Debug, Clone)]
pub(crate) struct PeerMessage {
    pub(crate) items: Vec<PeerEvent>,
    /// How many more there were of kinds that this version does not know.
    pub(crate) unknown: usize,
}

/// A peer message on its way: each item is a piece of its own, so that one that is not known costs no other.
#[derive(Serialize, Deserialize)]
struct PeerMessageForm {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "i")]
    items: Vec<ByteBuf>,
}

/// An event in the recent cache and in peer messages, to be written.
#[derive(Serialize)]
struct EventForm<'a> {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "g")]
    group: &'a GroupId,
    #[serde(rename = "s")]
    seq: Seq,
    n: u64,
    #[serde(rename = "w")]
    shown: u64,
    #[serde(rename = "f")]
    from: &'a UserId,
    #[serde(rename = "m")]
    time: Millis,
    #[serde(rename = "k")]
    kind: Kind,
    #[serde(rename = "x")]
    traits: u32,
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    data: Option<&'a Data>,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    mentions: Option<&'a Mentions>,
    #[serde(rename = "c")]
    cid: &'a Cid,
}

/// The same, as it is read.
#[derive(Deserialize)]
struct ReadEvent {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "g")]
    group: GroupId,
    #[serde(rename = "s")]
    seq: Seq,
    n: u64,
    #[serde(rename = "w")]
    shown: u64,
    #[serde(rename = "f", deserialize_with = "stored")]
    from: UserId,
    #[serde(rename = "m")]
    time: Millis,
    #[serde(rename = "k")]
    kind: Kind,
    #[serde(rename = "x")]
    traits: u32,
    #[serde(rename = "t", default)]
    text: Option<String>,
    #[serde(rename = "r", default)]
    reference: Option<String>,
    #[serde(rename = "d", default)]
    data: Option<Data>,
    #[serde(rename = "o", default)]
    mentions: Option<Mentions>,
    #[serde(rename = "c", deserialize_with = "stored")]
    cid: Cid,
}

/// One thing in a peer message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PeerEvent {
    /// Stored events of a group, ascending and without a hole.
    Run { group: GroupId, events: Vec<ByteBuf> },
    /// A send turned out to be stored already, at this seq.
    Acked {
        group: GroupId,
        #[serde(deserialize_with = "stored")]
        from: UserId,
        #[serde(deserialize_with = "stored")]
        cid: Cid,
        seq: Seq,
        time: Millis,
    },
    /// A send was refused for good: when its turn came, or by the store.
    Refused {
        group: GroupId,
        #[serde(deserialize_with = "stored")]
        from: UserId,
        #[serde(deserialize_with = "stored")]
        cid: Cid,
        /// The name of a code; where there is none, or one that is not known here, the store refused it.
        #[serde(default)]
        code: String,
    },
    /// Somebody came or went.
    Presence {
        #[serde(deserialize_with = "stored")]
        user: UserId,
        online: bool,
        last_seen: Millis,
        version: u64,
    },
    /// Somebody types.
    Typing {
        group: GroupId,
        #[serde(deserialize_with = "stored")]
        user: UserId,
    },
    /// Somebody read, or holds.
    Receipt {
        group: GroupId,
        #[serde(deserialize_with = "stored")]
        user: UserId,
        read: Seq,
        delivered: Seq,
    },
    /// Close this user's sessions: banned, kicked, or deleted.
    Evict {
        #[serde(deserialize_with = "stored")]
        user: UserId,
        banned: bool,
    },
    /// A newer device of this user takes over from this session.
    TakenOver {
        #[serde(deserialize_with = "stored")]
        user: UserId,
        session: SessionId,
    },
    /// The life of a group that lies below a seq is over: it was deleted.
    Deleted {
        group: GroupId,
        #[serde(default)]
        base: Seq,
    },
    /// Peer messages to this node were lost: it compares its positions with what is stored.
    Missed,
    /// The life of the group that a send belongs to ended before it was acked.
    Ended {
        group: GroupId,
        #[serde(deserialize_with = "stored")]
        from: UserId,
        #[serde(deserialize_with = "stored")]
        cid: Cid,
    },
    /// Partitions were handed over that this node is to take.
    Freed,
    /// Something about a user that their sessions are to hear, or to end by.
    OfUser {
        #[serde(deserialize_with = "stored")]
        user: UserId,
        news: UserNews,
    },
    /// An operator has this node end in good order.
    Drain,
}

// === impl Item ===

impl PeerEvent {
    /// A send was refused for good.
    pub(crate) fn refused(group: GroupId, from: UserId, cid: Cid, code: Code) -> Self {
        PeerEvent::Refused { group, from, cid, code: code.as_str().into() }
    }

    /// Stored events of a group, as they were encoded for the recent cache.
    pub(crate) fn run(group: &GroupId, encoded: &[(Seq, Bytes)]) -> Self {
        let events = encoded.iter().map(|(_, bytes)| ByteBuf::from(bytes.to_vec())).collect();
        PeerEvent::Run { group: group.clone(), events }
    }
}

// === impl PeerMessage ===

impl PeerMessage {
    pub(crate) fn encode(items: &[PeerEvent]) -> Bytes {
        let items = items.iter().map(|item| ByteBuf::from(packed(item))).collect();
        packed(&PeerMessageForm { version: VERSION, items }).into()
    }

    /// Reads what [`PeerMessage::encode`] wrote; `None` when the peer message as a whole is of a later version.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let form: PeerMessageForm = rmp_serde::from_slice(bytes).ok()?;
        if form.version > VERSION {
            return None;
        }
        let count = form.items.len();
        let items: Vec<PeerEvent> = form.items.iter().filter_map(|item| rmp_serde::from_slice(item).ok()).collect();
        Some(Self { unknown: count - items.len(), items })
    }
}

/// An event as kept in the recent cache and in peer messages.
pub(crate) fn encode_event(event: &Event) -> Bytes {
    let form = EventForm {
        version: VERSION,
        group: &event.group,
        seq: event.seq,
        n: event.n,
        shown: event.shown,
        from: &event.from,
        time: event.time,
        kind: event.kind,
        traits: event.traits.bits(),
        text: event.text.as_deref(),
        reference: event.reference.as_deref(),
        data: event.data.as_ref(),
        mentions: event.mentions.as_ref(),
        cid: &event.cid,
    };
    packed(&form).into()
}

/// Reads what [`encode_event`] wrote; `None` when it is of a later version.
pub(crate) fn decode_event(bytes: &[u8]) -> Option<Event> {
    let read: ReadEvent = rmp_serde::from_slice(bytes).ok()?;
    (read.version <= VERSION).then(|| Event {
        group: read.group,
        seq: read.seq,
        n: read.n,
        shown: read.shown,
        from: read.from,
        time: read.time,
        kind: read.kind,
        traits: Traits::from_bits(read.traits),
        text: read.text,
        reference: read.reference,
        data: read.data,
        mentions: read.mentions,
        cid: read.cid,
        state: EventState::default(),
    })
}

/// As a map with names, which later versions may add to.
fn packed<T: Serialize>(value: &T) -> Vec<u8> {
    // Cannot fail: the sink is memory, and everything here is plain data.
    rmp_serde::to_vec_named(value).expect("plain data with string keys, written to memory")
}

#[cfg(test)]
mod tests;
