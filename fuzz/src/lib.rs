//! What is held true of everything that reads bytes from outside, whatever the bytes. One function a
//! fuzz target; `tests/seeds.rs` runs the same functions on seeds and random changes of them.

use std::path::PathBuf;

use hubbub::app::config::{self, Sources};
use hubbub::protocol::framing::client_frame;
use hubbub::protocol::{ClientFrame, Encoding, decode};
use hubbub::transport::wire::{FrameDecoder, Item, Rules, Violation};

/// A JSON frame is taken or refused; and it means the same in MessagePack.
pub fn decode_json(bytes: &[u8]) {
    let taken = decode(Encoding::Json, bytes);
    if let Ok((_, frame)) = &taken {
        hold_to_limits(frame);
    }
    // Through a value first: of a repeated key each encoding may see another.
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    let (Ok(json), Ok(msgpack)) = (serde_json::to_vec(&value), rmp_serde::to_vec(&value)) else { return };
    let (json, msgpack) = (decode(Encoding::Json, &json), decode(Encoding::MsgPack, &msgpack));
    assert_eq!(json.is_ok(), msgpack.is_ok(), "{value}: {json:?}, {msgpack:?}");
    if let (Ok(json), Ok(msgpack)) = (json, msgpack) {
        assert_eq!(json, msgpack, "{value}");
    }
}

/// A MessagePack frame is taken or refused.
pub fn decode_msgpack(bytes: &[u8]) {
    if let Ok((_, frame)) = decode(Encoding::MsgPack, bytes) {
        hold_to_limits(&frame);
    }
}

/// What the types promise of every frame that is taken.
fn hold_to_limits(frame: &ClientFrame) {
    if let ClientFrame::Send(send) = frame {
        assert!((1..=64).contains(&send.cid.as_str().len()), "{:?}", send.cid);
    }
}

/// A client's bytes give the same messages, and the same violation, in whatever pieces they arrive.
pub fn guard(bytes: &[u8]) {
    let Some((&[how, first, second], rest)) = bytes.split_first_chunk::<3>() else { return };
    // Random bytes seldom make a frame that is taken; frames of random contents do.
    let stream = if how & 1 == 0 { rest.to_vec() } else { frames(rest) };
    let rules = Rules { max_message: 512, only_text: [None, Some(true), Some(false)][usize::from(how >> 1) % 3] };
    let whole = feed(rules, &[&stream]);
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(whole, feed(rules, &single), "byte by byte");
    let mut pieces = Vec::new();
    let mut left = &stream[..];
    for length in [first, second].into_iter().cycle().map(|length| usize::from(length).max(1)) {
        if left.is_empty() {
            break;
        }
        let (piece, behind) = left.split_at(length.min(left.len()));
        pieces.push(piece);
        left = behind;
    }
    assert_eq!(whole, feed(rules, &pieces), "in pieces of {first} and {second}");
}

/// What the guard handed out.
#[derive(Debug, PartialEq)]
enum Got {
    Message(bool, Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>),
    Failed(Violation),
}

fn feed(rules: Rules, pieces: &[&[u8]]) -> Vec<Got> {
    let mut guard = FrameDecoder::new(rules);
    let mut got = Vec::new();
    for piece in pieces {
        let (mut input, mut at) = (piece.to_vec(), 0);
        loop {
            match guard.next(&mut input, &mut at) {
                Ok(None) => break,
                Ok(Some(Item::Message(message))) => {
                    assert!(!message.text || std::str::from_utf8(message.payload).is_ok(), "text that is none");
                    assert!(message.payload.len() <= rules.max_message);
                    got.push(Got::Message(message.text, message.payload.to_vec()));
                }
                Ok(Some(Item::Ping(payload))) => got.push(Got::Ping(payload.to_vec())),
                Ok(Some(Item::Pong)) => got.push(Got::Pong),
                // Nothing after it counts.
                Ok(Some(Item::Close(code))) => {
                    got.push(Got::Close(code));
                    return got;
                }
                Err(violation) => {
                    got.push(Got::Failed(violation));
                    return got;
                }
            }
        }
        assert_eq!(at, input.len(), "bytes were left");
    }
    got
}

/// Masked frames: of each three bytes one gives the first byte of a frame, one its length.
fn frames(mut recipe: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    while let Some((&[first, length, mask], rest)) = recipe.split_first_chunk::<3>() {
        let opcode = [0, 1, 2, 8, 9, 10, 1, 0][usize::from(first & 7)];
        let (payload, rest) = rest.split_at(usize::from(length).min(rest.len()));
        recipe = rest;
        stream.extend(client_frame((first & 0x80) | opcode, payload, [mask, !mask, mask, 7]));
    }
    stream
}

/// A query of the history API is read or refused, and never asks for more than a page.
pub fn http_query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(size) = hubbub::transport::http::fuzzing::page_size(text) {
        assert!((1..=200).contains(&size), "{text:?} asks for {size}");
    }
}

/// A configuration file is read or refused with sentences.
pub fn config_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let file = Some((PathBuf::from("hubbub.toml"), text.to_owned()));
    if let Err(mistakes) = config::load(&Sources { file, ..Sources::default() }) {
        assert!(!mistakes.to_string().is_empty());
    }
}

/// Gaps and replay together cover what a client missed, each seq once, whatever its cursor.
pub fn resume(bytes: &[u8]) {
    let mut numbers = bytes.chunks_exact(8).map(|chunk| u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
    let (Some(cursor), Some(head), Some(first)) = (numbers.next(), numbers.next(), numbers.next()) else { return };
    // A cursor is whatever the client says; the others are counted up from 1.
    let (head, first) = (head >> 11, (first >> 11).max(1));
    let first = first.min(head.max(1));
    let (gaps, after) = hubbub::hub::fuzzing::resume_plan(cursor, head, first);
    if cursor > head {
        assert_eq!((gaps, after), (vec![(head + 1, cursor)], head));
        return;
    }
    let mut at = cursor;
    for (from, to) in gaps {
        assert_eq!(from, at + 1);
        assert!(to >= from && to <= head);
        at = to;
    }
    assert_eq!(after, at);
    assert!(head - after <= 1_000);
    assert!(after == head || after + 1 >= first);
}
