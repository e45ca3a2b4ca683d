//! Every rule of the guard, and that no way of cutting the bytes changes what it finds.

use proptest::prelude::*;

use super::super::testing::{frame, text};
use super::*;

/// An [`Item`] that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>),
}

const RULES: Rules = Rules { max_message: 1_000, only_text: None };

/// What a guard finds in bytes that arrive in these pieces.
fn read<'a>(rules: Rules, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Found>, Option<Violation>) {
    let mut guard = FrameDecoder::new(rules);
    let mut found = Vec::new();
    for piece in pieces {
        let (mut piece, mut at) = (piece.to_vec(), 0);
        loop {
            match guard.next(&mut piece, &mut at) {
                Ok(Some(item)) => found.push(own(item)),
                Ok(None) => break,
                Err(violation) => return (found, Some(violation)),
            }
        }
        assert_eq!(at, piece.len(), "all input is taken");
    }
    (found, None)
}

fn own(item: Item<'_>) -> Found {
    match item {
        Item::Message(Message { text: true, payload }) => Found::Text(payload.to_vec()),
        Item::Message(Message { text: false, payload }) => Found::Binary(payload.to_vec()),
        Item::Ping(payload) => Found::Ping(payload.to_vec()),
        Item::Pong => Found::Pong,
        Item::Close(code) => Found::Close(code),
    }
}

fn whole(bytes: &[u8]) -> (Vec<Found>, Option<Violation>) {
    read(RULES, [bytes])
}

fn violation(bytes: &[u8]) -> Violation {
    let (_, at_once) = whole(bytes);
    let (_, bytewise) = read(RULES, bytes.chunks(1));
    assert_eq!(at_once, bytewise);
    at_once.expect("a violation")
}

#[test]
fn messages_and_control_frames_come_out_in_order() {
    let bytes = [
        text("hej"),
        frame(0x82, &[0, 255]),
        frame(0x89, b"are you there"),
        frame(0x8a, b"yes"),
        frame(0x01, b"in "),
        frame(0x89, b""),
        frame(0x00, b""),
        frame(0x80, b"pieces"),
        frame(0x88, b"\x03\xe8bye"),
    ]
    .concat();
    let expected = vec![
        Found::Text(b"hej".into()),
        Found::Binary(vec![0, 255]),
        Found::Ping(b"are you there".into()),
        Found::Pong,
        Found::Ping(vec![]),
        Found::Text(b"in pieces".into()),
        Found::Close(Some(1000)),
    ];
    assert_eq!(whole(&bytes), (expected.clone(), None));
    assert_eq!(read(RULES, bytes.chunks(1)), (expected, None));
}

#[test]
fn each_rule_of_a_frame() {
    assert_eq!(violation(&[0x81, 0x05]), Violation::Unmasked);
    assert_eq!(violation(&[0xc1]), Violation::ReservedBits);
    assert_eq!(violation(&[0x91]), Violation::ReservedBits);
    assert_eq!(violation(&[0x83]), Violation::UnknownOpcode(3));
    assert_eq!(violation(&[0x8b]), Violation::UnknownOpcode(11));
    assert_eq!(violation(&[0x89, 0x80 | 126]), Violation::ControlTooLong);
    assert_eq!(violation(&[0x09, 0x80]), Violation::FragmentedControl);
    assert_eq!(violation(&[0x81, 0x80 | 126, 0, 125]), Violation::Length);
    assert_eq!(violation(&[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 255, 255]), Violation::Length);
    assert_eq!(violation(&[0x81, 0x80 | 127, 128, 0, 0, 0, 0, 0, 0, 0]), Violation::Length);
}

#[test]
fn each_rule_between_frames() {
    assert_eq!(violation(&frame(0x80, b"x")), Violation::UnexpectedContinuation);
    let second = [frame(0x01, b"a"), frame(0x01, b"b")].concat();
    assert_eq!(violation(&second), Violation::UnfinishedMessage);
    let after_end = [text("a"), frame(0x00, b"b")].concat();
    assert_eq!(violation(&after_end), Violation::UnexpectedContinuation);
}

#[test]
fn close_frames_are_checked() {
    assert_eq!(whole(&frame(0x88, b"")).0, [Found::Close(None)]);
    assert_eq!(violation(&frame(0x88, b"\x03")), Violation::InvalidClose);
    assert_eq!(violation(&frame(0x88, b"\x03\xed")), Violation::InvalidClose);
    assert_eq!(violation(&frame(0x88, b"\x03\xe8\xff")), Violation::InvalidUtf8);
}

#[test]
fn size_is_bounded_by_what_is_announced_and_by_the_sum() {
    let limit = RULES.max_message;
    assert_eq!(whole(&frame(0x82, &vec![0; limit])).1, None);
    let announced = &frame(0x82, &vec![0; limit + 1])[..8];
    assert_eq!(violation(announced), Violation::TooBig { limit });
    let summed = [frame(0x02, &vec![0; limit]), frame(0x00, b"x")].concat();
    assert_eq!(violation(&summed), Violation::TooBig { limit });
    let mut endless = frame(0x02, b"");
    for _ in 0..limit {
        endless.extend(frame(0x00, b""));
    }
    assert_eq!(violation(&endless), Violation::TooBig { limit });
}

#[test]
fn text_is_checked_as_it_arrives() {
    // The bad byte is in the first piece of a frame that is not complete.
    let frame_bytes = frame(0x81, b"ab\xffcdefgh");
    let (_, found) = read(RULES, [&frame_bytes[..9]]);
    assert_eq!(found, Some(Violation::InvalidUtf8));
    // A character may be cut by fragments, but not by the end.
    let cut = [frame(0x01, &"ü".as_bytes()[..1]), frame(0x80, &"ü".as_bytes()[1..])].concat();
    assert_eq!(whole(&cut).0, [Found::Text("ü".into())]);
    assert_eq!(violation(&frame(0x81, &"ü".as_bytes()[..1])), Violation::InvalidUtf8);
    // The check begins anew with each message, and leaves binary alone.
    let both = [frame(0x82, b"\xff"), text("x")].concat();
    assert_eq!(whole(&both).0, [Found::Binary(vec![255]), Found::Text(b"x".into())]);
}

#[test]
fn only_the_agreed_type_is_taken() {
    let rules = Rules { only_text: Some(true), ..RULES };
    let binary = frame(0x82, b"x");
    assert_eq!(read(rules, [&binary[..]]).1, Some(Violation::WrongType));
    let rules = Rules { only_text: Some(false), ..RULES };
    assert_eq!(read(rules, [&text("x")[..]]).1, Some(Violation::WrongType));
    assert_eq!(read(rules, [&binary[..]]).0, [Found::Binary(b"x".into())]);
}

#[test]
fn nothing_is_kept_between_messages() {
    let mut guard = FrameDecoder::new(RULES);
    let bytes = [frame(0x01, b"in "), frame(0x89, b"ping"), frame(0x80, b"pieces")].concat();
    for piece in bytes.chunks(1) {
        let _ = guard.next(&mut piece.to_vec(), &mut 0).unwrap();
    }
    assert_eq!(guard.next(&mut [], &mut 0).unwrap(), None);
    assert!(guard.is_idle());
    assert_eq!((guard.data.capacity(), guard.control.capacity()), (0, 0));
}

/// A client's frames, mostly legal, some not.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let payload = proptest::collection::vec(any::<u8>(), 0..300);
    let legal = prop_oneof![
        "\\PC{0,60}".prop_map(|t| text(&t)),
        payload.clone().prop_map(|p| frame(0x82, &p)),
        payload.clone().prop_map(|p| frame(0x89, &p[..p.len().min(125)])),
        ("\\PC{1,40}", 1usize..10).prop_map(|(t, cut)| {
            let cut = cut.min(t.len());
            [frame(0x01, &t.as_bytes()[..cut]), frame(0x89, b"p"), frame(0x80, &t.as_bytes()[cut..])].concat()
        }),
    ];
    let any = (any::<u8>(), payload).prop_map(|(first, p)| frame(first, &p));
    let some = prop_oneof![9 => legal, 1 => any];
    proptest::collection::vec(some, 1..8).prop_map(|frames| frames.concat())
}

proptest! {
    #[test]
    fn cuts_change_nothing(bytes in frames(), cuts in proptest::collection::vec(1usize..40, 1..50)) {
        let at_once = whole(&bytes);
        prop_assert_eq!(&read(RULES, bytes.chunks(1)), &at_once);
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(read(RULES, pieces), at_once);
    }

    #[test]
    fn no_bytes_panic_and_no_more_is_held_than_allowed(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut guard = FrameDecoder::new(RULES);
        for piece in bytes.chunks(7) {
            let (mut piece, mut at) = (piece.to_vec(), 0);
            let end = loop {
                match guard.next(&mut piece, &mut at) {
                    Ok(Some(_)) => {}
                    end => break end.is_err(),
                }
            };
            prop_assert!(guard.data.len() <= RULES.max_message && guard.control.len() <= 125);
            if end {
                break;
            }
        }
    }
}
