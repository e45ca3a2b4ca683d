//! Frames that are too long, too deep, or say the same thing twice.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::siege::{Cost, Siege};
use super::{ATTACKER, hello};
use crate::support::raw::{Raw, masked};

/// MessagePack of `{"type": "ping", "x": <this>}`.
fn ping_with(x: &[u8]) -> Vec<u8> {
    [&b"\x82\xa4type\xa4ping\xa1x"[..], x].concat()
}

/// The code of the `error` that this is answered with; `pong` when it is taken.
async fn answer(raw: &mut Raw, encoding: Encoding, payload: &[u8]) -> String {
    let first = if encoding.is_text() { 0x81 } else { 0x82 };
    raw.write(&masked(first, payload)).await.unwrap();
    loop {
        let (first, payload) = raw.frame().await.expect("the connection lasts");
        let frame: Value = match first {
            0x81 => serde_json::from_slice(&payload).unwrap(),
            0x82 => rmp_serde::from_slice(&payload).unwrap(),
            _ => continue,
        };
        match frame["type"].as_str() {
            Some("error") => return frame["code"].as_str().unwrap().to_owned(),
            Some("pong") => return "pong".to_owned(),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_json_is_refused_and_the_session_goes_on() {
    let siege = Siege::lay("malformed JSON").await;
    let mut raw = Raw::hello_from(ATTACKER, &siege.hub.address(), Encoding::Json, &hello("attacker")).await.unwrap();
    // A field that the hub reads, and one that it skips.
    let with = |field: &str, value: &str| match field {
        "data" => format!(r#"{{"type":"send","to":"nobody","cid":"c","text":"x","data":{{"x":{value}}}}}"#),
        _ => format!(r#"{{"type":"ping","{field}":{{"x":{value}}}}}"#),
    };
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let maps = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    for (payload, expected) in [
        (with("data", &nested(30_000)), "bad_frame"),
        (with("x", &nested(30_000)), "pong"),
        (with("data", &maps), "bad_frame"),
        (with("data", &"9".repeat(60_000)), "bad_frame"),
        (with("data", &format!("1e{}", "9".repeat(20_000))), "bad_frame"),
        (with("data", r#""\ud800""#), "bad_frame"),
        (with("data", r#"1,"x":2"#), "bad_frame"),
        (with("data", &nested(20)), "not_found"),
        (r#"{"type":"ping","type":"hello"}"#.into(), "bad_frame"),
        (r#"{"type":"ping","id":1,"id":2}"#.into(), "bad_frame"),
        (format!(r#"{{"type":"ping","id":"{}"}}"#, "x".repeat(129)), "bad_frame"),
        (format!(r#"{{"type":"{}"}}"#, "x".repeat(60_000)), "unsupported"),
        (format!(r#"{{"type":"ping"}}{}"#, " ".repeat(60_000)), "pong"),
        (r#"{"type":"ping"}{"type":"ping"}"#.into(), "bad_frame"),
        ("\u{feff}{\"type\":\"ping\"}".into(), "bad_frame"),
        (String::new(), "bad_frame"),
    ] {
        let shown: String = payload.chars().take(60).collect();
        assert_eq!(answer(&mut raw, Encoding::Json, payload.as_bytes()).await, expected, "{shown}");
    }
    drop(raw);
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_message_pack_is_refused_and_the_session_goes_on() {
    let siege = Siege::lay("malformed MessagePack").await;
    let mut raw = Raw::hello_from(ATTACKER, &siege.hub.address(), Encoding::MsgPack, &hello("attacker")).await.unwrap();
    for (payload, expected) in [
        // Deep lists and maps, closed and not.
        (ping_with(&[vec![0x91; 60_000], vec![0xc0]].concat()), "bad_frame"),
        (ping_with(&[b"\x81\xa1a".repeat(20_000), vec![0xc0]].concat()), "bad_frame"),
        (ping_with(&[0x91; 60_000]), "bad_frame"),
        // Lengths that are lies: four thousand million elements, pairs, bytes.
        (ping_with(b"\xdd\xff\xff\xff\xff\xc0"), "bad_frame"),
        (ping_with(b"\xdf\xff\xff\xff\xff\xa1a\xc0"), "bad_frame"),
        (ping_with(b"\xdb\xff\xff\xff\xffx"), "bad_frame"),
        (ping_with(b"\xc6\xff\xff\xff\xffx"), "bad_frame"),
        (b"\xdf\xff\xff\xff\xff".to_vec(), "bad_frame"),
        (b"\x82\xa4type\xa4send\xa5users\xdd\xff\xff\xff\xff".to_vec(), "bad_frame"),
        // The same key twice, text that is none.
        (b"\x82\xa4type\xa4ping\xa4type\xa5hello".to_vec(), "bad_frame"),
        (b"\x81\xa4type\xa2\xff\xff".to_vec(), "bad_frame"),
        (b"\x81\xa4type\xa4ping\xc0".to_vec(), "bad_frame"),
        (b"\xc1".to_vec(), "bad_frame"),
        (Vec::new(), "bad_frame"),
        (ping_with(b"\xc7\x03\x01abc"), "pong"),
        (ping_with(&[vec![0x91; 20], vec![0xc0]].concat()), "pong"),
    ] {
        let shown = payload[..payload.len().min(40)].escape_ascii().to_string();
        assert_eq!(answer(&mut raw, Encoding::MsgPack, &payload).await, expected, "{shown}");
    }
    drop(raw);
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

/// What is stored must be readable by everybody, in either encoding.
#[tokio::test(flavor = "multi_thread")]
async fn data_is_refused_where_it_is_too_deep_to_be_read_by_all() {
    let siege = Siege::lay("deep data").await;
    for encoding in Encoding::ALL {
        let user = format!("attacker-{}", encoding.name());
        let mut peer = crate::contract::stage::connected(&siege.hub.address(), &user).await;
        let made = peer.ask(&json!({"type": "create", "name": "x", "members": []}), "group").await.unwrap();
        let mut raw = Raw::hello_from(ATTACKER, &siege.hub.address(), encoding, &hello(&user)).await.unwrap();
        for depth in [10, 32, 33, 60, 64, 80, 126] {
            let mut data = json!(1);
            for _ in 0..depth {
                data = json!([data]);
            }
            let cid = format!("depth-{depth}");
            let send = json!({"type": "send", "group": made["id"], "cid": cid, "text": "x", "data": {"x": data}});
            raw.say(encoding, &send).await.unwrap();
            let told = outcome(&mut raw).await;
            let expected = if depth <= 32 { "ack" } else { "error" };
            assert_eq!(told["type"], expected, "{} {depth}: {told}", encoding.name());
            if told["type"] == "ack" {
                let seen = loop {
                    let event = peer.hear_a("message").await.expect("everybody can read it");
                    if event["seq"] == told["seq"] {
                        break event;
                    }
                };
                assert_eq!(seen["data"]["x"], data);
            }
        }
    }
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

/// The next `ack` or `error`.
async fn outcome(raw: &mut Raw) -> Value {
    loop {
        let (first, payload) = raw.frame().await.expect("the connection lasts");
        let frame: Value = match first {
            0x81 => serde_json::from_slice(&payload).unwrap(),
            0x82 => rmp_serde::from_slice(&payload).unwrap(),
            _ => continue,
        };
        if frame["type"] == "ack" || frame["type"] == "error" {
            return frame;
        }
    }
}
