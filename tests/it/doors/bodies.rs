//! Frames and bodies that are wrong as a whole, as they come byte by byte.

use hubbub::domain::Code;
use hubbub::protocol::{Encoding, decode};
use hubbub::transport::http::descriptions::Listener;
use reqwest::Method;
use serde_json::{Value, json};

use super::asking::Doors;
use super::definitions::calls;
use super::sorts::NOWHERE;
use crate::contract::stage::token;
use crate::support::http;

/// Asks with a body that is no JSON of this library's making: status and problem.
async fn ask(url: &str, method: Method, media: &str, body: Vec<u8>) -> (u16, Value) {
    let request = http::client().request(method, url).bearer_auth(token("anna"));
    let answer = request.header("content-type", media).body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn every_call_with_a_body_refuses_what_is_no_object() {
    let doors = Doors::open().await;
    let mut with_body: Vec<(Method, String)> = Vec::new();
    for (listener, base) in [(Listener::Public, doors.hub.http_url()), (Listener::Internal, doors.hub.internal_url())] {
        for call in calls(listener).iter().filter(|call| call.has_body()) {
            let path = call.path.replace("{group}", &doors.group).replace("{up}", "bert").replace("{user}", "bert");
            assert!(!path.contains('{'), "{path}");
            with_body.push((call.method.parse().unwrap(), format!("{base}{path}")));
        }
    }
    with_body.push((Method::POST, format!("{}/admin/orders", doors.hub.internal_url())));
    assert!(with_body.len() >= 8, "{with_body:?}");
    let json = "application/json";
    for (method, url) in with_body {
        for text in [
            "",
            "{",
            "null",
            "5",
            r#""x""#,
            "[]",
            r#"["x", ["bert"], null, null]"#,
            r#"["find_users", "", 1]"#,
            "{} {}",
        ] {
            // Some bodies may be left out.
            if text.is_empty() && (url.ends_with("/join") || url.ends_with("/invites")) {
                continue;
            }
            let (status, problem) = ask(&url, method.clone(), json, text.into()).await;
            assert_eq!((status, &problem["code"]), (400, &json!("bad_frame")), "{url} {text:?}: {problem}");
        }
        let (status, problem) = ask(&url, method.clone(), json, b"{\"x\": \"\xff\"}".to_vec()).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_frame")), "{url}: {problem}");
        let (status, problem) = ask(&url, method.clone(), "text/plain", b"{}".to_vec()).await;
        assert_eq!((status, &problem["code"]), (415, &json!("unsupported")), "{url}: {problem}");
        let large = format!(r#"{{"x": "{}"}}"#, "x".repeat(70_000));
        let (status, problem) = ask(&url, method.clone(), json, large.into()).await;
        assert_eq!((status, &problem["code"]), (413, &json!("too_large")), "{url}: {problem}");
    }
}

#[tokio::test]
async fn what_is_there_twice_is_refused_by_calls() {
    let doors = Doors::open().await;
    let (public, internal) = (doors.hub.http_url(), doors.hub.internal_url());
    let send = format!("{public}/chat/{}/message", doors.group);
    for (url, text) in [
        (&send, r#"{"text": "a", "text": "b"}"#),
        (&send, r#"{"text": "a", "data": {"a": 1, "a": 1}}"#),
        (&send, r#"{"text": "a", "data": {"a": [{"b": 1, "b": 2}]}}"#),
        (&format!("{public}/chat"), r#"{"name": "a", "name": "a", "members": []}"#),
        (&format!("{internal}/group/"), r#"{"name": "a", "users": ["bert"], "users": ["anna"]}"#),
        (&format!("{internal}/user/bert"), r#"{"name": "a", "name": "b"}"#),
        (&format!("{internal}/admin/orders"), r#"{"order": "ban", "user": "bert", "user": "anna"}"#),
    ] {
        let (status, problem) = ask(url, Method::POST, "application/json", text.into()).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_frame")), "{text}: {problem}");
    }
    let twice = http::client().get(format!("{send}?limit=1&limit=1")).bearer_auth(token("anna"));
    assert_eq!(twice.send().await.unwrap().status(), 400);
}

#[test]
fn what_is_there_twice_is_refused_of_frames() {
    for fields in [
        r#""type":"ping","type":"ping""#.to_owned(),
        r#""type":"ping","id":1,"id":1"#.to_owned(),
        format!(r#""type":"ping","cursors":{{"{NOWHERE}":1,"{NOWHERE}":2}}"#),
        format!(r#""type":"hello","cursors":{{"{NOWHERE}":1,"{NOWHERE}":1}}"#),
        format!(r#""type":"send","group":"{NOWHERE}","cid":"a","cid":"b","text":"x""#),
        format!(r#""type":"send","group":"{NOWHERE}","cid":"a","text":"x","data":{{"a":1,"a":1}}"#),
        format!(r#""type":"send","group":"{NOWHERE}","cid":"a","text":"x","data":{{"a":{{"b":1,"b":1}}}}"#),
    ] {
        let refused = decode(Encoding::Json, format!("{{{fields}}}").as_bytes()).unwrap_err();
        assert_eq!(refused.refusal.code, Code::BadFrame, "{fields}");
    }
    assert!(decode(Encoding::Json, br#"{"type":"ping","x":1,"x":2}"#).is_ok(), "what is no field is not looked at");
}

#[test]
fn what_json_cannot_say_is_refused_of_frames() {
    let send = |data: Vec<u8>| {
        let mut frame = vec![0x85];
        for (key, value) in [("type", "send"), ("group", NOWHERE), ("cid", "a"), ("text", "x")] {
            frame.extend(rmp_serde::to_vec(key).unwrap());
            frame.extend(rmp_serde::to_vec(value).unwrap());
        }
        frame.extend(rmp_serde::to_vec("data").unwrap());
        frame.extend(data);
        decode(Encoding::MsgPack, &frame).map_err(|rejection| rejection.refusal.code)
    };
    let number = |number: f64| rmp_serde::to_vec(&std::collections::BTreeMap::from([("a", number)])).unwrap();
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(send(number(wrong)).unwrap_err(), Code::BadFrame, "{wrong}");
    }
    // Bytes, an extension, a key that is no text, and one that is there twice.
    for wrong in [&b"\x81\xa1a\xc4\x01x"[..], b"\x81\xa1a\xd4\x01x", b"\x81\x01\x01", b"\x82\xa1a\x01\xa1a\x01"] {
        assert_eq!(send(wrong.to_vec()).unwrap_err(), Code::BadFrame, "{wrong:x?}");
    }
    send(number(5e-324)).unwrap();
    send(rmp_serde::to_vec(&json!({"a": [null, {"b": u64::MAX}]})).unwrap()).unwrap();
}
