//! What a client asks.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Encoding;
use super::encoding::Unreadable;
use super::send::{Content, SendFrame, Target};
use crate::domain::{Access, Cid, Code, Data, GroupId, Refusal, Seq, UserId, requested_access};

/// A client's own number or name for a request; its reply carries the same as `re`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestId {
    /// An integer, below 2^53 in size.
    Number(i64),
    /// A string of at most 128 bytes.
    Text(String),
}

/// A frame from a client, checked for form.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // The fields are those of the protocol's table.
pub enum ClientFrame {
    Hello { token: Option<String>, device: Option<String>, cursors: Option<HashMap<GroupId, Seq>> },
    Send(Box<SendFrame>),
    Read { group: GroupId, seq: Seq },
    Typing { group: GroupId },
    History { group: GroupId, before: Option<Seq>, after: Option<Seq>, limit: Option<usize> },
    Pins { group: GroupId },
    Groups { after: Option<GroupId>, limit: Option<usize> },
    Create { name: String, members: Vec<UserId>, access: Access, cid: Option<Cid> },
    Join { group: GroupId },
    Leave { group: GroupId },
    Add { group: GroupId, users: Vec<UserId> },
    Remove { group: GroupId, users: Vec<UserId> },
    Watch { groups: Vec<GroupId> },
    Ping { cursors: Option<HashMap<GroupId, Seq>> },
}

/// A frame that could not be taken, with its request id when that could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// The request.
    pub re: Option<RequestId>,
    /// Why.
    pub refusal: Refusal,
}

/// Every field that any frame has. One pass over the bytes; which fields a type needs is checked after.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "type")]
    frame_type: String,
    id: Option<RequestId>,
    token: Option<String>,
    device: Option<String>,
    cursors: Option<HashMap<GroupId, Seq>>,
    group: Option<GroupId>,
    to: Option<UserId>,
    cid: Option<Cid>,
    text: Option<String>,
    kind: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    data: Option<Data>,
    seq: Option<Seq>,
    before: Option<Seq>,
    after: Option<serde_json::Value>,
    limit: Option<usize>,
    name: Option<String>,
    members: Option<Vec<UserId>>,
    #[serde(default, deserialize_with = "requested_access")]
    access: Option<Access>,
    users: Option<Vec<UserId>>,
    groups: Option<Vec<GroupId>>,
}

/// What is still worth reading in a frame that is wrong elsewhere.
#[derive(Deserialize)]
struct IdOnly {
    id: Option<RequestId>,
    #[serde(rename = "type")]
    frame_type: Option<String>,
}

/// The greatest integer that every client's number type holds exactly.
const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;
const MAX_ID_BYTES: usize = 128;

/// Decodes and checks the form of one message.
pub fn decode(encoding: Encoding, bytes: &[u8]) -> Result<(Option<RequestId>, ClientFrame), Rejection> {
    let mut fields: Fields = match encoding.read(bytes) {
        Ok(fields) => fields,
        Err(why) => return Err(rejected(encoding, bytes, &why)),
    };
    let re = fields.id.take();
    if !re.as_ref().is_none_or(RequestId::is_valid) {
        let why = "`id` must be a string of at most 128 bytes or an integer below 2^53";
        return Err(Rejection { re: None, refusal: Refusal::bad_frame(why) });
    }
    match fields.into_frame() {
        Ok(frame) => Ok((re, frame)),
        Err(refusal) => Err(Rejection { re, refusal }),
    }
}

/// Finds out as much as can be about a frame that is wrong, so that its sender can match the error.
fn rejected(encoding: Encoding, bytes: &[u8], why: &Unreadable) -> Rejection {
    let (re, frame_type) = match encoding.read::<IdOnly>(bytes) {
        Ok(found) => (found.id.filter(RequestId::is_valid), found.frame_type),
        Err(_) => (None, None),
    };
    let refusal = match frame_type {
        Some(name) if !KNOWN_TYPES.contains(&name.as_str()) => unknown_type(&name),
        _ => Refusal::bad_frame(format!("the frame cannot be read: {why}")),
    };
    Rejection { re, refusal }
}

const KNOWN_TYPES: [&str; 14] = [
    "hello", "send", "read", "typing", "history", "pins", "groups", "create", "join", "leave", "add", "remove",
    "watch", "ping",
];

fn unknown_type(name: &str) -> Refusal {
    let shown: String = name.chars().take(40).collect();
    Refusal::new(Code::Unsupported, format!("this hub knows no frame of type `{shown}`"))
}

fn need<T>(field: Option<T>, name: &'static str) -> Result<T, Refusal> {
    field.ok_or_else(|| Refusal::bad_frame(format!("the field `{name}` is missing")))
}

// === impl RequestId ===

impl RequestId {
    fn is_valid(&self) -> bool {
        match self {
            RequestId::Number(number) => number.abs() <= MAX_SAFE_INTEGER,
            RequestId::Text(text) => text.len() <= MAX_ID_BYTES,
        }
    }
}

// === impl Fields ===

impl Fields {
    fn into_frame(mut self) -> Result<ClientFrame, Refusal> {
        let frame_type = std::mem::take(&mut self.frame_type);
        Ok(match frame_type.as_str() {
            "hello" => ClientFrame::Hello { token: self.token, device: self.device, cursors: self.cursors },
            "send" => ClientFrame::Send(Box::new(self.into_send()?)),
            "read" => ClientFrame::Read { group: need(self.group, "group")?, seq: need(self.seq, "seq")? },
            "typing" => ClientFrame::Typing { group: need(self.group, "group")? },
            "history" => self.into_history()?,
            "pins" => ClientFrame::Pins { group: need(self.group, "group")? },
            "groups" => self.into_groups()?,
            "create" => ClientFrame::Create {
                name: need(self.name, "name")?,
                members: need(self.members, "members")?,
                access: self.access.unwrap_or_default(),
                cid: self.cid,
            },
            "join" => ClientFrame::Join { group: need(self.group, "group")? },
            "leave" => ClientFrame::Leave { group: need(self.group, "group")? },
            "add" => ClientFrame::Add { group: need(self.group, "group")?, users: need(self.users, "users")? },
            "remove" => ClientFrame::Remove { group: need(self.group, "group")?, users: need(self.users, "users")? },
            "watch" => ClientFrame::Watch { groups: need(self.groups, "groups")? },
            "ping" => ClientFrame::Ping { cursors: self.cursors },
            other => return Err(unknown_type(other)),
        })
    }

    fn into_send(self) -> Result<SendFrame, Refusal> {
        let target = match (self.group, self.to) {
            (Some(group), None) => Target::Group(group),
            (None, Some(user)) => Target::User(user),
            (Some(_), Some(_)) => return Err(Refusal::bad_frame("give `group` or `to`, not both")),
            (None, None) => return Err(Refusal::bad_frame("the field `group` (or `to`) is missing")),
        };
        let content = Content { kind: self.kind, text: self.text, reference: self.reference, data: self.data };
        SendFrame::new(target, need(self.cid, "cid")?, content)
    }

    fn into_history(self) -> Result<ClientFrame, Refusal> {
        let after = self.after.map(seq_of).transpose()?;
        if self.before.is_some() && after.is_some() {
            return Err(Refusal::bad_frame("give `before` or `after`, not both"));
        }
        let group = need(self.group, "group")?;
        Ok(ClientFrame::History { group, before: self.before, after, limit: self.limit })
    }

    fn into_groups(self) -> Result<ClientFrame, Refusal> {
        let after = match self.after {
            None => None,
            Some(serde_json::Value::String(id)) => Some(GroupId::parse(&id)?),
            Some(_) => return Err(Refusal::bad_frame("`after` must be the id of a group")),
        };
        Ok(ClientFrame::Groups { after, limit: self.limit })
    }
}

fn seq_of(value: serde_json::Value) -> Result<Seq, Refusal> {
    value.as_u64().ok_or_else(|| Refusal::bad_frame("`after` must be a seq"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<(Option<RequestId>, ClientFrame), Rejection> {
        decode(Encoding::Json, text.as_bytes())
    }

    fn code(text: &str) -> Code {
        json(text).unwrap_err().refusal.code
    }

    #[test]
    fn a_send_is_read_alike_in_both_encodings() {
        let group = GroupId::random();
        let value = serde_json::json!({
            "type": "send", "id": 7, "group": group.as_str(), "cid": "c1", "text": "héllo", "data": {"a": [1, null]},
        });
        let from_json = json(&value.to_string()).unwrap();
        let packed = rmp_serde::to_vec(&value).unwrap();
        assert_eq!(from_json, decode(Encoding::MsgPack, &packed).unwrap());
        assert_eq!(from_json.0, Some(RequestId::Number(7)));
    }

    #[test]
    fn what_is_wrong_is_told_with_the_request_id() {
        let rejection = json(r#"{"type":"read","id":"x","group":5}"#).unwrap_err();
        assert_eq!(rejection.re, Some(RequestId::Text("x".into())));
        assert_eq!(rejection.refusal.code, Code::BadFrame);
        let rejection = json(r#"{"type":"read","id":1}"#).unwrap_err();
        assert!(rejection.refusal.message.contains("`group`"), "{rejection:?}");
        assert_eq!(rejection.re, Some(RequestId::Number(1)));
    }

    #[test]
    fn broken_frames_have_codes() {
        assert_eq!(code("{"), Code::BadFrame);
        assert_eq!(code("[]"), Code::BadFrame);
        assert_eq!(code(r#"{"id":1}"#), Code::BadFrame);
        assert_eq!(code(r#"{"type":"dance"}"#), Code::Unsupported);
        assert_eq!(code(r#"{"type":"dance","group":1}"#), Code::Unsupported);
        assert_eq!(code(r#"{"type":"ping","id":9007199254740992}"#), Code::BadFrame);
        assert_eq!(code(r#"{"type":"ping","id":1,"id":2}"#), Code::BadFrame);
        let group = GroupId::random();
        assert_eq!(
            code(&format!(r#"{{"type":"send","group":"{group}","cid":"c","text":"","kind":"edited"}}"#)),
            Code::Unsupported
        );
        assert_eq!(code(&format!(r#"{{"type":"send","group":"{group}","text":""}}"#)), Code::BadFrame);
        let deep = format!(r#"{{"type":"ping","data":{{"x":{}{}}}}}"#, "[".repeat(5000), "]".repeat(5000));
        assert_eq!(code(&deep), Code::BadFrame);
    }

    #[test]
    fn deep_message_pack_is_refused_without_harm() {
        let mut bytes = vec![0x82, 0xa4];
        bytes.extend(b"type\xa4ping\xa1x");
        bytes.extend(std::iter::repeat_n(0x91, 100_000));
        bytes.push(0xc0);
        assert_eq!(decode(Encoding::MsgPack, &bytes).unwrap_err().refusal.code, Code::BadFrame);
    }

    #[test]
    fn a_list_of_values_is_no_frame() {
        let mut values = vec![serde_json::Value::Null; 21];
        values[0] = "ping".into();
        assert_eq!(code(&serde_json::to_string(&values).unwrap()), Code::BadFrame);
        let packed = rmp_serde::to_vec(&values).unwrap();
        assert_eq!(decode(Encoding::MsgPack, &packed).unwrap_err().refusal.code, Code::BadFrame);
    }

    #[test]
    fn unknown_fields_are_ignored() {
        assert!(json(r#"{"type":"ping","tomorrow":{"a":[1,2]}}"#).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = decode(Encoding::Json, &bytes);
            let _ = decode(Encoding::MsgPack, &bytes);
        }
    }
}
