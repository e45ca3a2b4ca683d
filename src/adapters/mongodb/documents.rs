//! What stands in the collections. Every document has a version `v`.

use std::collections::BTreeMap;

use mongodb::bson::raw::{RawBsonRef, cstr};
use mongodb::bson::{RawDocument, RawDocumentBuf};
use serde::{Deserialize, Serialize};

use super::state_documents::{EditDocument, ErasureDocument, TallyDocument, tallies};
use crate::domain::{
    Cid, Event, EventState, GroupId, Kind, Mark, Millis, Profile, Seq, Switch, Traits, User, UserId, stored,
};
use crate::ports::StoreError;

/// The version of the documents that this software writes, and the newest that it reads.
pub(super) const VERSION: i32 = 1;

/// Digits of a seq in a message's `_id`: enough for any integer that a client can hold (2^53).
pub(super) const SEQ_DIGITS: usize = 16;

/// The greatest seq that fits.
pub(super) const MAX_SEQ: Seq = 9_999_999_999_999_999;

/// A message's `_id`: ids of one group sort by seq.
pub(super) fn message_id(group: &GroupId, seq: Seq) -> String {
    format!("{group}:{:0width$}", seq.min(MAX_SEQ), width = SEQ_DIGITS)
}

/// A count or seq as BSON keeps it.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a document, if it is of a version that this software knows.
pub(super) fn read<'a, T: Deserialize<'a>>(document: &'a RawDocument) -> Result<T, StoreError> {
    let version = match document.get("v") {
        Ok(Some(RawBsonRef::Int32(version))) => i64::from(version),
        Ok(Some(RawBsonRef::Int64(version))) => version,
        _ => i64::from(VERSION),
    };
    let id = document.get_str("_id").unwrap_or("?");
    if version > i64::from(VERSION) {
        return Err(StoreError::Refused(format!(
            "the document {id:?} has version {version}, this hubbub knows versions up to \
             {VERSION}: use the newer hubbub that wrote it"
        )));
    }
    mongodb::bson::deserialize_from_slice(document.as_bytes())
        .map_err(|error| StoreError::Refused(format!("the document {id:?} is not readable: {error}")))
}

/// A message as a document. `data` is kept as JSON text: as it was sent, whatever its keys, depth
/// and numbers.
pub(super) fn message(event: &Event) -> Result<RawDocumentBuf, serde_json::Error> {
    let mut document = RawDocumentBuf::new();
    document.append(cstr!("_id"), message_id(&event.group, event.seq).as_str());
    document.append(cstr!("group"), event.group.as_str());
    document.append(cstr!("seq"), int(event.seq));
    document.append(cstr!("n"), int(event.n));
    document.append(cstr!("shown"), int(event.shown));
    if event.traits.shown {
        // What is not shown stands in no page, so it is left out of the index by which pages are found.
        document.append(cstr!("place"), int(event.shown));
    }
    document.append(cstr!("traits"), event.traits.bits() as i32);
    document.append(cstr!("from"), event.from.as_str());
    document.append(cstr!("time"), event.time);
    document.append(cstr!("kind"), event.kind.as_str());
    if let Some(text) = &event.text {
        document.append(cstr!("text"), text.as_str());
    }
    if let Some(reference) = &event.reference {
        document.append(cstr!("ref"), reference.as_str());
    }
    if let Some(data) = &event.data {
        document.append(cstr!("data"), serde_json::to_string(data)?.as_str());
    }
    if let Some(mentions) = &event.mentions {
        document.append(cstr!("mentions"), serde_json::to_string(mentions)?.as_str());
    }
    document.append(cstr!("cid"), event.cid.as_str());
    document.append(cstr!("v"), VERSION);
    Ok(document)
}

#[derive(Deserialize)]
pub(super) struct MessageDocument {
    group: GroupId,
    pub(super) seq: u64,
    n: u64,
    shown: u64,
    traits: u32,
    #[serde(deserialize_with = "stored")]
    from: UserId,
    pub(super) time: Millis,
    kind: Kind,
    text: Option<String>,
    r#ref: Option<String>,
    data: Option<String>,
    mentions: Option<String>,
    #[serde(deserialize_with = "stored")]
    cid: Cid,
    /// See [`Switch`]; absent in a message that was never pinned.
    #[serde(default)]
    pin: u64,
    /// Absent in a message that was never edited.
    edit: Option<EditDocument>,
    /// Absent in a message that is not deleted.
    erased: Option<ErasureDocument>,
    #[serde(default)]
    reactions: BTreeMap<String, TallyDocument>,
    #[serde(default)]
    replies: u64,
}

/// Reads a message.
pub(super) fn event(document: &RawDocument) -> Result<Event, StoreError> {
    let message: MessageDocument = read(document)?;
    let data = message.data.map(|data| serde_json::from_str(&data)).transpose();
    let mentions = message.mentions.map(|whom| serde_json::from_str(&whom)).transpose();
    Ok(Event {
        group: message.group,
        seq: message.seq,
        n: message.n,
        shown: message.shown,
        traits: Traits::from_bits(message.traits),
        from: message.from,
        time: message.time,
        kind: message.kind,
        text: message.text,
        reference: message.r#ref,
        data: data.map_err(|error| StoreError::Refused(error.to_string()))?,
        mentions: mentions.map_err(|error| StoreError::Refused(error.to_string()))?,
        cid: message.cid,
        state: EventState {
            pin: Switch::from_bits(message.pin),
            edit: message.edit.map(Into::into),
            erasure: message.erased.map(Into::into),
            reactions: tallies(message.reactions),
            replies: message.replies,
        },
    })
}

/// Reads a user.
pub(super) fn user(document: &RawDocument) -> Result<User, StoreError> {
    Ok(read::<UserDocument>(document)?.into())
}

#[derive(Serialize, Deserialize)]
pub(super) struct UserDocument {
    #[serde(rename = "_id", deserialize_with = "stored")]
    pub(super) id: UserId,
    pub(super) username: String,
    /// The username in the form for searches; absent in those whom an older hubbub stored, and who have no username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) search: Option<String>,
    pub(super) name: String,
    /// Whether the words of the names have their places; absent in those whom an older hubbub stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) words: Option<i32>,
    pub(super) banned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<String>,
    /// When the password was last changed; documents without it read as 0.
    #[serde(default)]
    pub(super) not_before: Millis,
    /// For each group `2 × seq + 1` of the event that made the user a member, `2 × seq` of the one
    /// that ended it: raised with `$max`, so the order of writing does not matter.
    #[serde(default)]
    pub(super) groups: BTreeMap<GroupId, u64>,
    pub(super) created: Millis,
    #[serde(default)]
    pub(super) seen: Millis,
    pub(super) v: i32,
}

/// All marks of one user.
#[derive(Deserialize)]
pub(super) struct CursorDocument {
    #[serde(rename = "_id", deserialize_with = "stored")]
    pub(super) id: UserId,
    #[serde(default)]
    pub(super) g: BTreeMap<GroupId, MarkDocument>,
}

/// A mark: read, `n` there, delivered.
#[derive(Deserialize)]
pub(super) struct MarkDocument {
    #[serde(default)]
    r: u64,
    #[serde(default)]
    n: u64,
    #[serde(default)]
    d: u64,
}

/// Who has a username as an account, by the form in which usernames are equal.
#[derive(Serialize, Deserialize)]
pub(super) struct AccountDocument {
    #[serde(rename = "_id")]
    pub(super) username: String,
    #[serde(deserialize_with = "stored")]
    pub(super) user: UserId,
    pub(super) time: Millis,
    pub(super) v: i32,
}

// === conversions ===

impl From<UserDocument> for User {
    fn from(document: UserDocument) -> Self {
        let within = document.groups.into_iter().filter(|(_, mark)| mark % 2 == 1);
        Self {
            id: document.id,
            profile: Profile { username: document.username, name: document.name },
            banned: document.banned,
            password: document.password,
            not_before: document.not_before,
            groups: within.map(|(group, mark)| (group, mark / 2)).collect(),
            created: document.created,
            last_seen: document.seen,
        }
    }
}

impl From<MarkDocument> for Mark {
    fn from(document: MarkDocument) -> Self {
        Self { read: document.r, n: document.n, delivered: document.d }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Head;

    #[test]
    fn ids_of_a_group_sort_by_seq() {
        let group = GroupId::random();
        let seqs = [0, 1, 9, 10, 999, 1000, u64::from(u32::MAX), (1 << 53) - 1, Seq::MAX];
        assert!(seqs.map(|seq| message_id(&group, seq)).is_sorted());
    }

    #[test]
    fn newer_documents_are_left_alone() {
        let mut document =
            message(&Event::void(GroupId::random(), Head { seq: 7, time: 1, ..Head::default() })).unwrap();
        assert!(event(&document).is_ok());
        document.append(cstr!("later"), true);
        assert!(event(&document).is_ok(), "unknown fields do no harm");
        let mut newer = RawDocumentBuf::new();
        newer.append(cstr!("_id"), "g:7");
        newer.append(cstr!("v"), VERSION + 1);
        let error = event(&newer).unwrap_err().to_string();
        assert!(error.contains("\"g:7\" has version 2"), "{error}");
    }

    #[test]
    fn users_stored_before_passwords_had_a_time_read_as_never_changed() {
        let older = mongodb::bson::doc! {
            "_id": "anna", "username": "anna", "name": "Anna", "banned": false, "created": 1_i64, "v": VERSION,
        };
        let older = RawDocumentBuf::try_from(&older).unwrap();
        let anna = User::from(read::<UserDocument>(&older).unwrap());
        assert_eq!((anna.profile.username.as_str(), anna.not_before), ("anna", 0));
    }

    /// `hubbub capacity` reckons with 260 bytes and the text (src/tools/capacity/costs.rs).
    #[test]
    fn a_message_takes_260_bytes_beside_its_text() {
        let plain = Event {
            from: UserId::parse("user-123").unwrap(),
            kind: Kind::Text,
            traits: Kind::Text.traits(),
            cid: Cid::parse(&"x".repeat(22)).unwrap(),
            text: Some("x".repeat(100)),
            ..Event::void(GroupId::random(), Head { seq: 7, time: 1_767_225_600_000, ..Head::default() })
        };
        assert_eq!(message(&plain).unwrap().as_bytes().len(), 260 + 100);
    }
}
