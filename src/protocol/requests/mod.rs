//! Frames that a client may send: a file each, with its form, what it checks, and its description.
//!
//! `requests!` below lists them; [`decode`] finds the one of a frame's `type`.

mod add;
mod change;
mod create;
mod cursors;
mod group;
mod groups;
mod handle;
mod hello;
mod history;
mod join;
mod leave;
mod me;
mod ping;
mod pins;
mod reactions;
mod read;
mod remove;
mod request;
mod role;
mod seen;
mod send;
mod typing;
mod user;
mod users;
mod watch;

use serde::{Deserialize, Serialize};

use super::Encoding;
use super::encoding::Unreadable;
use super::form::{Described, Form};
use crate::domain::{Code, Refusal, SAFE_INTEGER_MAX};
use request::Request;

pub use add::Add;
pub use change::{Change, asked_changes};
pub use create::Create;
pub use cursors::MAX_CURSORS;
pub use group::ShowGroup;
pub use groups::Groups;
pub use handle::Handle;
pub use hello::Hello;
pub use history::History;
pub use join::Join;
pub use leave::Leave;
pub use me::{Me, MeFields};
pub use ping::Ping;
pub use pins::Pins;
pub use reactions::Reactions;
pub use read::Read;
pub use remove::Remove;
pub use role::GiveRole;
pub use seen::Seen;
pub use send::{Content, SendFrame, Target};
pub use typing::Typing;
pub use user::User;
pub use users::Users;
pub use watch::Watch;

/// A client's own number or name for a request; its reply carries the same as `re`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestId {
    /// An integer, below 2^53 in size.
    Number(i64),
    /// A string of at most 128 bytes.
    Text(String),
}

/// A frame that could not be taken, with its request id when that could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// The request.
    pub re: Option<RequestId>,
    /// Why.
    pub refusal: Refusal,
}

/// What is read of every frame, whatever its type.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    frame_type: Option<String>,
    id: Option<RequestId>,
}

const MAX_ID_BYTES: usize = 128;

/// Lists the frames: the one place where a new one is made known.
macro_rules! requests {
    ($($(#[doc = $about:literal])+ $variant:ident($request:ty),)+) => {
        /// A frame from a client, checked for form.
        #[derive(Debug, Clone, PartialEq)]
        pub enum ClientFrame {
            $($(#[doc = $about])+ $variant($request),)+
        }

        /// The forms of all frames that a client may send.
        pub const REQUESTS: &[Form] = &[$(<<$request as Request>::Fields as Described>::FORM),+];

        impl ClientFrame {
            /// Its form.
            pub fn form(&self) -> Form {
                match self {
                    $(ClientFrame::$variant(_) => <<$request as Request>::Fields as Described>::FORM,)+
                }
            }

            /// Gives it to the handler of its type.
            ///
            /// # Errors
            /// Why what it asks is not done.
            pub async fn give_to<H>(self, handler: H) -> Result<(), Refusal>
            where
                $(H: Handle<$request>,)+
            {
                match self {
                    $(ClientFrame::$variant(frame) => handler.handle(frame).await,)+
                }
            }

            fn read(frame_type: &str, encoding: Encoding, bytes: &[u8]) -> Result<Self, Refusal> {
                $(
                    if frame_type == <<$request as Request>::Fields as Described>::FORM.name {
                        let fields = encoding.read(bytes).map_err(|why| unreadable(&why))?;
                        return <$request>::check(fields).map(ClientFrame::$variant);
                    }
                )+
                Err(unknown_type(frame_type))
            }
        }
    };
}

requests! {
    /// Who is there.
    Hello(Hello),
    /// Something said.
    Send(Box<SendFrame>),
    /// Up to where a group is read.
    Read(Read),
    /// Somebody types.
    Typing(Typing),
    /// A page of a group's events.
    History(History),
    /// What is pinned.
    Pins(Pins),
    /// Who has seen an event.
    Seen(Seen),
    /// Who reacts to an event.
    Reactions(Reactions),
    /// A group.
    Group(ShowGroup),
    /// A page of groups.
    Groups(Groups),
    /// A new group.
    Create(Create),
    /// A group as its admins want it.
    Change(Change),
    /// Into an open group.
    Join(Join),
    /// Out of a group.
    Leave(Leave),
    /// New members.
    Add(Add),
    /// Members that go.
    Remove(Remove),
    /// The user's own profile.
    Me(Me),
    /// Somebody else.
    User(User),
    /// Who is called so.
    Users(Users),
    /// What members may do.
    Role(GiveRole),
    /// Whose presence and typing is shown.
    Watch(Watch),
    /// A sign of life.
    Ping(Ping),
}

/// Decodes and checks the form of one message. Its type and id are read first, so that whatever is wrong elsewhere can
/// be told to its sender with its id.
pub fn decode(encoding: Encoding, bytes: &[u8]) -> Result<(Option<RequestId>, ClientFrame), Rejection> {
    let rejected = |re, refusal| Rejection { re, refusal };
    let head: Head = encoding.read(bytes).map_err(|why| rejected(None, unreadable(&why)))?;
    let re = head.id;
    if !re.as_ref().is_none_or(RequestId::is_valid) {
        let why = "`id` must be a string of at most 128 bytes or an integer below 2^53";
        return Err(rejected(None, Refusal::bad_frame(why)));
    }
    let Some(frame_type) = head.frame_type else {
        return Err(rejected(re, Refusal::bad_frame("the field `type` is missing")));
    };
    match ClientFrame::read(&frame_type, encoding, bytes) {
        Ok(frame) => Ok((re, frame)),
        Err(refusal) => Err(rejected(re, refusal)),
    }
}

fn unreadable(why: &Unreadable) -> Refusal {
    Refusal::bad_frame(format!("the frame cannot be read: {why}"))
}

fn unknown_type(name: &str) -> Refusal {
    let shown: String = name.chars().take(40).collect();
    Refusal::new(Code::Unsupported, format!("this hub knows no frame of type `{shown}`"))
}

// === impl RequestId ===

impl RequestId {
    fn is_valid(&self) -> bool {
        match self {
            RequestId::Number(number) => number.unsigned_abs() <= SAFE_INTEGER_MAX,
            RequestId::Text(text) => text.len() <= MAX_ID_BYTES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GroupId;

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
        assert_eq!(code(r#"{"type":"ping","id":-9223372036854775808}"#), Code::BadFrame);
        assert_eq!(code(r#"{"type":"ping","id":1,"id":2}"#), Code::BadFrame);
        let group = GroupId::random();
        assert_eq!(
            code(&format!(r#"{{"type":"send","group":"{group}","cid":"c","text":"","kind":"starred"}}"#)),
            Code::Unsupported
        );
        assert_eq!(code(&format!(r#"{{"type":"send","group":"{group}","text":""}}"#)), Code::BadFrame);
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        assert_eq!(code(&format!(r#"{{"type":"send","group":"{group}","cid":"c","data":{deep}}}"#)), Code::BadFrame);
        assert!(json(&format!(r#"{{"type":"ping","data":{deep}}}"#)).is_ok(), "no field of this frame");
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
