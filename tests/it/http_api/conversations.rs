//! Messages that are edited and deleted over HTTP: what is refused, and what pages tell of it.

use serde_json::{Value, json};

use super::caller::Caller;
use crate::contract::stage::{connected, token};
use crate::support::Hub;

const MESSAGES: &str = "/chat/{group}/message";

/// A group of anna, its admin, and bert, and a caller.
async fn open(hub: &Hub) -> (Caller, String) {
    let mut anna = connected(&hub.address(), "anna").await;
    connected(&hub.address(), "bert").await;
    let made = anna.ask(&json!({"type": "create", "id": 1, "name": "test", "members": ["bert"]}), "group").await;
    let group = made.unwrap()["id"].as_str().unwrap().to_owned();
    (Caller::new(hub.http_url()).await, group)
}

/// Says something as somebody; its seq.
async fn say(caller: &mut Caller, group: &str, user: &str, text: &str) -> u64 {
    caller.bearer(token(user));
    let stored = caller.post(MESSAGES, &format!("/chat/{group}/message"), json!({"text": text})).await.expect(201);
    stored["seq"].as_u64().unwrap()
}

fn about(kind: &str, group: &str, seq: u64, text: Option<&str>) -> Value {
    let mut body = json!({"kind": kind, "ref": format!("{group}:{seq}")});
    if let Some(text) = text {
        body["text"] = json!(text);
    }
    body
}

fn at(page: &Value, seq: u64) -> &Value {
    page["messages"].as_array().unwrap().iter().find(|message| message["seq"] == seq).expect("it is on the page")
}

#[tokio::test]
async fn pages_tell_what_became_of_messages_and_what_was_said() {
    let hub = Hub::embedded().await;
    let (mut caller, group) = open(&hub).await;
    let messages = format!("/chat/{group}/message");
    let (first, second) =
        (say(&mut caller, &group, "anna", "frist").await, say(&mut caller, &group, "anna", "x").await);
    let edited = caller.post(MESSAGES, &messages, about("edited", &group, first, Some("first"))).await.expect(201);
    let deleted = caller.post(MESSAGES, &messages, about("deleted", &group, second, None)).await.expect(201);
    let answer = caller.get(MESSAGES, &format!("{messages}?after=0")).await;
    let as_of = answer.headers["hubbub-as-of"].to_str().unwrap().parse::<u64>().unwrap();
    let page = answer.expect(200);
    assert_eq!((&page["as_of"], as_of), (&deleted["seq"], deleted["seq"].as_u64().unwrap()));
    assert_eq!((&at(&page, first)["text"], &at(&page, first)["edited"]), (&json!("first"), &edited["time"]));
    let gone = at(&page, second);
    assert_eq!((gone.get("text"), &gone["deleted"]), (None, &json!({"time": deleted["time"], "by": "anna"})));
    let raw = caller.get(MESSAGES, &format!("{messages}?after=0&raw=true")).await.expect(200);
    assert_eq!((&at(&raw, first)["text"], at(&raw, first).get("edited")), (&json!("frist"), None));
    assert_eq!((at(&raw, second).get("text"), at(&raw, second).get("deleted")), (None, None));
    // `next` goes on without a gap, in either direction.
    let newest = caller.get(MESSAGES, &format!("{messages}?limit=2")).await.expect(200);
    assert_eq!((&newest["more"], &newest["next"]), (&json!(true), &json!(edited["seq"])));
    let before = caller.get(MESSAGES, &format!("{messages}?before={}&limit=1", newest["next"])).await.expect(200);
    assert_eq!(before["messages"][0]["seq"], second);
    let rest = caller.get(MESSAGES, &format!("{messages}?after={second}&limit=2")).await.expect(200);
    assert_eq!((&rest["more"], rest.get("next")), (&json!(false), None));
    let bundle = caller.get("/chat/message", "/chat/message?raw=true&after=0").await.expect(200);
    assert_eq!(at(&bundle["groups"][0], first)["text"], "frist");
    let mine = caller.get("/chat/{group}", &format!("/chat/{group}")).await.expect(200);
    assert_eq!(mine["last"]["deleted"], gone["deleted"]);
}

#[tokio::test]
async fn what_may_not_be_is_refused_with_its_code() {
    let hub = Hub::embedded().await;
    let (mut caller, group) = open(&hub).await;
    let (messages, other) = (format!("/chat/{group}/message"), "abcdefghijklmnopqrstuvwxyz");
    let first = say(&mut caller, &group, "anna", "first").await;
    let gone = say(&mut caller, &group, "anna", "gone").await;
    caller.post(MESSAGES, &messages, about("deleted", &group, gone, None)).await.expect(201);
    caller.bearer(token("bert"));
    for (body, status, code) in [
        (about("edited", &group, first, Some("x")), 403, "forbidden"),
        (about("deleted", &group, first, None), 403, "forbidden"),
        (about("edited", &group, first + 90, Some("x")), 404, "not_found"),
        (about("deleted", &group, 1, None), 404, "not_found"),
        (about("edited", other, first, Some("x")), 400, "bad_frame"),
        (about("edited", &group, first, None), 400, "bad_frame"),
        (about("deleted", &group, first, Some("x")), 400, "bad_frame"),
        (json!({"kind": "deleted"}), 400, "bad_frame"),
    ] {
        assert_eq!(caller.post(MESSAGES, &messages, body.clone()).await.problem(status), code, "{body}");
    }
    caller.bearer(token("anna"));
    let late = caller.post(MESSAGES, &messages, about("edited", &group, gone, Some("x"))).await;
    assert_eq!(late.problem(409), "conflict");
    caller.post(MESSAGES, &messages, about("deleted", &group, gone, None)).await.expect(201);
    assert_eq!(caller.get(MESSAGES, &format!("{messages}?raw=maybe")).await.problem(400), "bad_frame");
}
