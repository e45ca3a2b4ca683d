//! What the log carries of an event beside what the backplane reads.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{VERSION, packed};
use crate::domain::{Data, Event, EventState, Kind, Mentions, Role};
use crate::ports::LogEntry;

/// The part of an event that the backplane carries unread.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    /// First, so that [`Body::is_known`] need not read the rest.
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Data>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(crate) mentions: Option<Mentions>,
    /// Whether its sender had to be an admin when it was appended, or is a service.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    entitled: bool,
}

// === impl Body ===

impl Body {
    pub(crate) fn new(text: Option<String>, reference: Option<String>, data: Option<Data>) -> Self {
        Self { version: VERSION, text, reference, data, mentions: None, entitled: false }
    }

    /// The same, with whom it mentions.
    pub(crate) fn mentioning(self, mentions: Option<Mentions>) -> Self {
        Self { mentions, ..self }
    }

    /// The same, by somebody who may do to what others said what is given to some.
    pub(crate) fn entitled(self, entitled: bool) -> Self {
        Self { entitled, ..self }
    }

    pub(crate) fn encode(&self) -> Bytes {
        packed(self).into()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        rmp_serde::from_slice(bytes).ok().filter(|body: &Self| body.version <= VERSION)
    }

    /// Whether the body of an entry is of a version that this one knows, by its first field. One that is not must
    /// wait for an owner who can read it: stored as something else, it would be lost though it was acked.
    pub(crate) fn is_known(bytes: &[u8]) -> bool {
        match bytes {
            // Membership events have none.
            [] => true,
            [0x81..=0x8f, 0xa1, b'v', version @ 0..=0x7f, ..] => *version <= VERSION,
            _ => false,
        }
    }
}

/// Whether the sender of an entry may do to what others said what is given to some.
pub(crate) fn is_entitled(entry: &LogEntry) -> bool {
    !entry.body.is_empty() && Body::decode(&entry.body).is_some_and(|body| body.entitled)
}

/// The event that an entry of the log stands for; `None` when its body cannot be read.
pub(crate) fn event_of(entry: &LogEntry) -> Option<Event> {
    let body = if entry.body.is_empty() { Body::default() } else { Body::decode(&entry.body)? };
    let data = if entry.users.is_empty() { body.data } else { Some(membership_data(entry)) };
    Some(Event {
        group: entry.group.clone(),
        seq: entry.seq,
        n: entry.n,
        shown: entry.shown,
        from: entry.from.clone(),
        time: entry.time,
        kind: entry.kind,
        traits: entry.traits,
        text: body.text,
        reference: body.reference,
        data,
        mentions: body.mentions,
        cid: entry.cid.clone(),
        state: EventState::default(),
    })
}

fn membership_data(entry: &LogEntry) -> Data {
    let mut data = Data::new();
    let users = entry.users.iter().map(|user| user.as_str().into()).collect();
    data.insert("users".into(), serde_json::Value::Array(users));
    if entry.kind == Kind::Role || entry.role != Role::Member {
        data.insert("role".into(), entry.role.as_str().into());
    }
    data
}
