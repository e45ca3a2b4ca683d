//! What nodes say to each other and keep in the backplane, as MessagePack with a version.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::domain::{Cid, Data, Event, GroupId, Kind, Millis, Role, Seq, UserId, stored};
use crate::ports::LogEntry;

/// Version of everything in this file. A node ignores what has a higher one.
const VERSION: u8 = 1;

/// The part of an event that the backplane carries unread.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    version: u8,
    pub(crate) text: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) data: Option<Data>,
}

/// What a node tells another through its inbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Letter {
    version: u8,
    pub(crate) items: Vec<Item>,
}

/// One thing in a letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Item {
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
    /// The store refused a send for good.
    Refused {
        group: GroupId,
        #[serde(deserialize_with = "stored")]
        from: UserId,
        #[serde(deserialize_with = "stored")]
        cid: Cid,
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
    /// The life of a group that lies below a seq is over: it was deleted.
    Deleted {
        group: GroupId,
        #[serde(default)]
        base: Seq,
    },
    /// Letters to this node were lost: it compares its positions with what is stored.
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
    /// An operator has this node end in good order.
    Drain,
}

// === impl Body ===

impl Body {
    pub(crate) fn new(text: Option<String>, reference: Option<String>, data: Option<Data>) -> Self {
        Self { version: VERSION, text, reference, data }
    }

    pub(crate) fn encode(&self) -> Bytes {
        packed(self)
    }

    /// An unreadable body (of a later version) yields an empty one: the seq is kept.
    fn decode(bytes: &[u8]) -> Self {
        rmp_serde::from_slice(bytes).unwrap_or_default()
    }
}

// === impl Item ===

impl Item {
    /// Stored events of a group, as they were encoded for the recent cache.
    pub(crate) fn run(group: &GroupId, encoded: &[(Seq, Bytes)]) -> Self {
        let events = encoded.iter().map(|(_, bytes)| ByteBuf::from(bytes.to_vec())).collect();
        Item::Run { group: group.clone(), events }
    }
}

// === impl Letter ===

impl Letter {
    pub(crate) fn encode(items: Vec<Item>) -> Bytes {
        packed(&Letter { version: VERSION, items })
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        rmp_serde::from_slice(bytes).ok().filter(|letter: &Letter| letter.version <= VERSION)
    }
}

/// An event as kept in the recent cache and in letters.
pub(crate) fn encode_event(event: &Event) -> Bytes {
    packed(&(VERSION, event))
}

/// Reads what [`encode_event`] wrote; `None` when it is of a later version.
pub(crate) fn decode_event(bytes: &[u8]) -> Option<Event> {
    let (version, event): (u8, Event) = rmp_serde::from_slice(bytes).ok()?;
    (version <= VERSION).then_some(event)
}

/// The event that an entry of the log stands for.
pub(crate) fn event_of(entry: &LogEntry) -> Event {
    let body = if entry.body.is_empty() { Body::default() } else { Body::decode(&entry.body) };
    let data = if entry.users.is_empty() { body.data } else { Some(membership_data(entry)) };
    Event {
        group: entry.group.clone(),
        seq: entry.seq,
        n: entry.n,
        from: entry.from.clone(),
        time: entry.time,
        kind: entry.kind,
        text: body.text,
        reference: body.reference,
        data,
        cid: entry.cid.clone(),
    }
}

fn membership_data(entry: &LogEntry) -> Data {
    let mut data = Data::new();
    let users = entry.users.iter().map(|user| user.as_str().into()).collect();
    data.insert("users".into(), serde_json::Value::Array(users));
    if entry.kind == Kind::Role || entry.role == Role::Admin {
        let role = if entry.role == Role::Admin { "admin" } else { "member" };
        data.insert("role".into(), role.into());
    }
    data
}

fn packed<T: Serialize>(value: &T) -> Bytes {
    // Cannot fail: the sink is memory, and everything here is plain data.
    rmp_serde::to_vec(value).expect("plain data with string keys, written to memory").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_back_as_it_was() {
        let mut data = Data::new();
        data.insert("b".into(), serde_json::json!([1, {"x": null}]));
        let mut event = Event::void(GroupId::random(), 7, 3, 99);
        event.kind = Kind::Text;
        event.text = Some("höi".into());
        event.data = Some(data);
        assert_eq!(decode_event(&encode_event(&event)), Some(event));
    }

    #[test]
    fn letters_come_back_and_garbage_does_not() {
        let user = UserId::hub();
        let bytes = Letter::encode(vec![Item::Evict { user, banned: true }]);
        assert_eq!(Letter::decode(&bytes).unwrap().items.len(), 1);
        assert!(Letter::decode(b"garbage").is_none());
    }
}
