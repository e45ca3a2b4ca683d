//! As much of the protocol as load generator and probe need, read without building anything: they
//! share the machine with what they measure.

use std::io;
use std::ops::RangeInclusive;

use serde::Serialize;

use crate::protocol::Encoding;
use crate::protocol::framing::client_header;

/// Marks what is measured, a text or the sender's own cid; the time of sending (microseconds of the sender's clock)
/// follows, then `;`, and the [`Act`]'s letter.
pub const MARK: &[u8] = b"~b:";

/// A field's name as it stands in frames of each encoding.
struct Key {
    json: &'static [u8],
    msgpack: &'static [u8],
}

const SEQ: Key = Key { json: b"\"seq\":", msgpack: b"\xa3seq" };
const TO: Key = Key { json: b"\"to\":", msgpack: b"\xa2to" };
const ID: Key = Key { json: b"\"id\":", msgpack: b"\xa2id" };
const KIND: Key = Key { json: b"\"kind\":", msgpack: b"\xa4kind" };
const CID: Key = Key { json: b"\"cid\":", msgpack: b"\xa3cid" };
/// Features stand before the groups, and take no more.
const BEFORE_GROUPS: usize = 2048;
const CODE: Key = Key { json: b"\"code\":", msgpack: b"\xa4code" };
const RECONNECT: Key = Key { json: b"\"reconnect\":", msgpack: b"\xa9reconnect" };
/// Close codes that mean not to come back, where no `bye` says otherwise.
const FINAL: RangeInclusive<u16> = 4000..=4099;
const TOKEN_ENDED: u16 = 4002;

/// A server frame, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// An event with its seq, what it is of what is measured, and the time of sending where that is told.
    Message { seq: u64, act: Option<Act>, sent: Option<u64> },
    /// A send was stored, with this seq, under a cid that begins with this letter.
    Ack { seq: u64, letter: u8 },
    /// `welcome`.
    Welcome(Knows),
    /// A `group` frame with the group's id.
    Group(String),
    /// An `error` frame.
    Error(String),
    /// A gap in a replay.
    Gap { to: u64 },
    /// A page of `history`.
    History,
    /// A WebSocket ping, with its payload.
    Ping(Vec<u8>),
    /// `bye`: the hub is about to close.
    Bye(Ending),
    /// The hub closes.
    Close(Ending),
    /// Anything else.
    Other,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A text.
    Text,
    /// A reaction: only its sender is told when it was sent, in the cid.
    Reaction,
    /// An edit.
    Edit,
}

/// What a hub knows beside the base protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Knows {
    /// `kind:reaction`.
    pub reactions: bool,
    /// `kind:edited`.
    pub edits: bool,
}

/// How the hub ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The close code; 0 for none.
    pub code: u16,
    /// Whether the client may come back.
    pub comes_back: bool,
}

/// Takes the next whole frame off the front of `bytes`: what it says and its length.
pub fn next_frame(bytes: &[u8], encoding: Encoding) -> Option<(Heard, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (start, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let payload = bytes.get(start..start + length)?;
    let heard = match first & 0xf {
        0x8 => Heard::Close(Ending::closed(payload)),
        0x9 => Heard::Ping(payload.to_vec()),
        0x1 | 0x2 => understand(payload, encoding),
        _ => Heard::Other,
    };
    Some((heard, start + length))
}

fn understand(payload: &[u8], encoding: Encoding) -> Heard {
    // Every frame begins with its type: `{"type":"…` or a map's head, `\xa4type` and a short string.
    let name = match encoding {
        Encoding::Json => payload.get(9..),
        Encoding::MsgPack => payload.get(7..).or_else(|| payload.get(6..)),
    };
    let Some(name) = name else { return Heard::Other };
    let is = |word: &[u8]| name.starts_with(word);
    if is(b"message") {
        return message(payload, encoding);
    }
    if is(b"ack") {
        // A short string has one byte before it in both encodings.
        let letter = value_of(payload, &CID, encoding).and_then(|cid| cid.get(1)).copied().unwrap_or(0);
        Heard::Ack { seq: number_after(payload, &SEQ, encoding).unwrap_or(0), letter }
    } else if is(b"welcome") {
        let start = &payload[..payload.len().min(BEFORE_GROUPS)];
        let knows = |feature| find(start, feature).is_some();
        Heard::Welcome(Knows { reactions: knows(b"kind:reaction"), edits: knows(b"kind:edited") })
    } else if is(b"error") {
        Heard::Error(String::from_utf8_lossy(payload).into_owned())
    } else if is(b"bye") {
        Heard::Bye(Ending::told(payload, encoding))
    } else if is(b"gap") {
        Heard::Gap { to: number_after(payload, &TO, encoding).unwrap_or(0) }
    } else if is(b"history") {
        Heard::History
    } else if is(b"group") && !is(b"groups") {
        string_after(payload, &ID, encoding).map_or(Heard::Other, Heard::Group)
    } else {
        Heard::Other
    }
}

fn message(payload: &[u8], encoding: Encoding) -> Heard {
    let seq = number_after(payload, &SEQ, encoding).unwrap_or(0);
    if let Some((sent, letter)) = sent_at(payload) {
        return Heard::Message { seq, act: Some(Act::of(letter)), sent: Some(sent) };
    }
    // Whose own it is not is told neither cid nor text.
    let kind = value_of(payload, &KIND, encoding).and_then(|kind| kind.get(1..));
    let is_reaction = kind.is_some_and(|name| name.starts_with(b"reaction"));
    Heard::Message { seq, act: is_reaction.then_some(Act::Reaction), sent: None }
}

// === impl Act ===

impl Act {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Text, Self::Reaction, Self::Edit];

    /// What stands behind the time.
    pub const fn letter(self) -> char {
        match self {
            Self::Text => 'x',
            Self::Reaction => 'r',
            Self::Edit => 'e',
        }
    }

    fn of(letter: u8) -> Self {
        Self::ALL.into_iter().find(|act| act.letter() == char::from(letter)).unwrap_or(Self::Text)
    }
}

// === impl Ending ===

impl Ending {
    /// A close frame without a `bye` before it.
    fn closed(payload: &[u8]) -> Self {
        let code = payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code));
        Self { code, comes_back: !FINAL.contains(&code) }
    }

    /// A `bye`.
    fn told(payload: &[u8], encoding: Encoding) -> Self {
        let code = number_after(payload, &CODE, encoding).and_then(|code| u16::try_from(code).ok()).unwrap_or(0);
        let no: &[u8] = if encoding == Encoding::Json { b"false" } else { b"\xc2" };
        let stays_away = value_of(payload, &RECONNECT, encoding).is_some_and(|value| value.starts_with(no));
        Self { code, comes_back: !stays_away }
    }

    /// Why, in a sentence that says what to do.
    pub fn sentence(self) -> String {
        let why = match self.code {
            TOKEN_ENDED => "its token has run out: give one that lasts, and compare the clocks of both machines",
            1008 => "it sent more than the hub allows: send less, or raise session_rate and user_rate",
            4001 => {
                "its token is not accepted (jwt_secret, jwt_key_file or data_dir is not the hub's), or its hello came too late"
            }
            4003 => "it is banned or removed",
            _ => "docs/protocol.md has the codes",
        };
        format!("the hub sent a client away for good ({}): {why}", self.code)
    }
}

/// The time behind the mark, and the letter behind the time.
fn sent_at(payload: &[u8]) -> Option<(u64, u8)> {
    let marked = &payload[find(payload, MARK)? + MARK.len()..];
    let end = marked.iter().position(|byte| *byte == b';')?;
    let sent = std::str::from_utf8(&marked[..end]).ok()?.parse().ok()?;
    Some((sent, marked.get(end + 1).copied().unwrap_or(0)))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, others) = needle.split_first()?;
    let mut from = 0;
    // One byte is looked for quickly, and rarely is it another's.
    while let Some(at) = haystack.get(from..)?.iter().position(|byte| byte == first) {
        if haystack[from + at + 1..].starts_with(others) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Where the value of a field begins.
fn value_of<'a>(payload: &'a [u8], key: &Key, encoding: Encoding) -> Option<&'a [u8]> {
    let key = match encoding {
        Encoding::Json => key.json,
        Encoding::MsgPack => key.msgpack,
    };
    payload.get(find(payload, key)? + key.len()..)
}

fn number_after(payload: &[u8], key: &Key, encoding: Encoding) -> Option<u64> {
    let value = value_of(payload, key, encoding)?;
    match encoding {
        Encoding::Json => {
            let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
            std::str::from_utf8(&value[..digits]).ok()?.parse().ok()
        }
        Encoding::MsgPack => rmp_serde::from_slice(value).ok(),
    }
}

fn string_after(payload: &[u8], key: &Key, encoding: Encoding) -> Option<String> {
    let value = value_of(payload, key, encoding)?;
    match encoding {
        Encoding::Json => String::from_utf8(value[1..].split(|byte| *byte == b'"').next()?.to_vec()).ok(),
        Encoding::MsgPack => rmp_serde::from_slice::<String>(value).ok(),
    }
}

/// A client frame: masked, with a mask of zeros, which is as valid as any other and costs nothing.
pub fn client_frame<T: Serialize + ?Sized>(value: &T, encoding: Encoding) -> io::Result<Vec<u8>> {
    let payload = match encoding {
        Encoding::Json => serde_json::to_vec(value)?,
        Encoding::MsgPack => rmp_serde::to_vec_named(value).map_err(io::Error::other)?,
    };
    let opcode = if encoding.is_text() { 0x1 } else { 0x2 };
    Ok(masked(opcode, &payload))
}

/// A whole control or data frame from the client's side.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = client_header(0x80 | opcode, payload.len() as u64, [0; 4]);
    frame.extend(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cid, Event, GroupId, Head, Kind};
    use crate::protocol::{ServerFrame, WireEvent, encode, pushes};

    #[test]
    fn endings_say_whether_to_come_back() {
        for (code, comes_back) in [(1008, false), (1012, true), (1013, true), (4002, false), (4101, true)] {
            for encoding in Encoding::ALL {
                let bye =
                    ServerFrame::Bye(pushes::Bye { code, reconnect: comes_back, after: 5, url: Some("ws://b/ws") });
                let bytes = encode(&bye, encoding);
                assert_eq!(next_frame(&bytes, encoding).unwrap().0, Heard::Bye(Ending { code, comes_back }));
            }
        }
        let close = |payload: &[u8]| next_frame(&[&[0x88, payload.len() as u8], payload].concat(), Encoding::Json);
        for (code, comes_back) in
            [(1000_u16, true), (1008, true), (3999, true), (4000, false), (4099, false), (4100, true)]
        {
            let heard = close(&[&code.to_be_bytes()[..], b"why"].concat()).unwrap().0;
            assert_eq!(heard, Heard::Close(Ending { code, comes_back }));
        }
        assert_eq!(close(b"").unwrap().0, Heard::Close(Ending { code: 0, comes_back: true }));
    }

    #[test]
    fn the_hubs_own_frames_are_understood() {
        let mut event = Event::void(GroupId::random(), Head { seq: 70_000, n: 3, shown: 9, time: 5 });
        event.kind = Kind::Text;
        event.text = Some("~b:12345;xxxx".into());
        for encoding in Encoding::ALL {
            let bytes = encode(&ServerFrame::Message(WireEvent::public(&event)), encoding);
            let heard = next_frame(&bytes, encoding).unwrap();
            let text = Heard::Message { seq: 70_000, act: Some(Act::Text), sent: Some(12_345) };
            assert_eq!(heard, (text, bytes.len()));
            assert!(next_frame(&bytes[..bytes.len() - 1], encoding).is_none());
            let gone = encode(&ServerFrame::gone(None, &event.group), encoding);
            assert_eq!(next_frame(&gone, encoding).unwrap().0, Heard::Group(event.group.to_string()));
        }
    }
    #[test]
    fn acts_are_told_apart_and_timed_where_their_sender_hears_them() {
        let mut event = Event::void(GroupId::random(), Head { seq: 7, n: 3, shown: 9, time: 5 });
        let mut heard = |kind: &str, text: Option<&str>, cid: Option<&str>, encoding| {
            event.kind = Kind::parse(kind).unwrap();
            event.text = text.map(Into::into);
            let cid = cid.map(|cid| Cid::parse(cid).unwrap());
            let message = WireEvent { cid: cid.as_ref(), ..WireEvent::public(&event) };
            next_frame(&encode(&ServerFrame::Message(message), encoding), encoding).unwrap().0
        };
        for encoding in Encoding::ALL {
            let own = heard("reaction", None, Some("~b:99;r12"), encoding);
            assert_eq!(own, Heard::Message { seq: 7, act: Some(Act::Reaction), sent: Some(99) });
            let others = heard("reaction", None, None, encoding);
            assert_eq!(others, Heard::Message { seq: 7, act: Some(Act::Reaction), sent: None });
            let edit = heard("edited", Some("~b:98;exx"), Some("e13"), encoding);
            assert_eq!(edit, Heard::Message { seq: 7, act: Some(Act::Edit), sent: Some(98) });
            let other = heard("joined", None, None, encoding);
            assert_eq!(other, Heard::Message { seq: 7, act: None, sent: None });
        }
    }

    #[test]
    fn an_ack_tells_what_was_stored_where() {
        let group = GroupId::random();
        for encoding in Encoding::ALL {
            for (cid, letter) in [("b70000", b'b'), ("~b:1234567890123;r70000", b'~')] {
                let cid = Cid::parse(cid).unwrap();
                let ack = pushes::Ack { re: None, group: &group, cid: &cid, seq: 70_000, time: 5 };
                let bytes = encode(&ServerFrame::Ack(ack), encoding);
                assert_eq!(next_frame(&bytes, encoding).unwrap().0, Heard::Ack { seq: 70_000, letter });
            }
        }
    }
}
