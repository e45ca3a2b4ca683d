//! Replies over real sockets and calls: counted where their target is shown, and listed.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::contract::stage::token;
use crate::http_api::caller::Caller;
use crate::support::Hub;

const MESSAGES: &str = "/chat/{group}/message";

fn reply(group: &str, cid: &str, reference: &str) -> Value {
    json!({"type": "send", "group": group, "cid": cid, "text": cid, "ref": reference})
}

fn texts(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap_or_default()).collect()
}

/// How many replies a message is told to have.
async fn count(peer: &mut Peer, group: &str, seq: u64) -> Value {
    let page = peer.ask(json!({"type": "history", "group": group}), "history").await;
    page["messages"].as_array().unwrap().iter().find(|message| message["seq"] == seq).unwrap()["replies"].clone()
}

#[tokio::test]
async fn replies_are_counted_and_listed_by_what_they_answer() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let user = format!("anna-{}", encoding.name());
        let (mut anna, _) = Peer::hello(&hub, encoding, &user).await;
        let group = anna.group(&[]).await;
        let seq = anna.send(&group, "c1", "hi").await;
        let reference = format!("{group}:{seq}");
        assert!(count(&mut anna, &group, seq).await.is_null());
        for cid in ["one", "two", "three"] {
            anna.ask(reply(&group, cid, &reference), "ack").await;
        }
        // A repeat is the same one.
        let two = anna.ask(reply(&group, "two", &reference), "ack").await["seq"].as_u64().unwrap();
        assert_eq!(count(&mut anna, &group, seq).await, json!(3));
        let ask = |more: Value| {
            let mut frame = json!({"type": "history", "group": group, "ref": reference});
            frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            frame
        };
        let all = anna.ask(ask(json!({})), "history").await;
        assert_eq!((texts(&all), &all["more"]), (vec!["one", "two", "three"], &json!(false)));
        let first = anna.ask(ask(json!({"after": 0, "limit": 2})), "history").await;
        assert_eq!((texts(&first), &first["more"], &first["next"]), (vec!["one", "two"], &json!(true), &json!(two)));
        let rest = anna.ask(ask(json!({"after": two})), "history").await;
        assert_eq!(texts(&rest), ["three"]);
        let mut caller = Caller::new(hub.http_url()).await;
        caller.bearer(token(&user));
        let called = caller.get(MESSAGES, &format!("/chat/{group}/message?ref={reference}&limit=2")).await.expect(200);
        assert_eq!((texts(&called), &called["more"]), (vec!["two", "three"], &json!(true)));
        // One that is deleted is none any more.
        let deleted =
            json!({"type": "send", "group": group, "cid": "d", "kind": "deleted", "ref": format!("{group}:{two}")});
        anna.ask(deleted, "ack").await;
        assert_eq!(count(&mut anna, &group, seq).await, json!(2));
        assert_eq!(texts(&anna.ask(ask(json!({})), "history").await), ["one", "three"]);
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_at_every_door() {
    let hub = Hub::embedded().await;
    let [mut anna, mut eve] = Peer::people(&hub, Encoding::Json, ["anna", "eve"]).await;
    let (group, other) = (anna.group(&[]).await, anna.group(&[]).await);
    let (seq, gone) = (anna.send(&group, "c1", "hi").await, anna.send(&group, "c2", "gone").await);
    let event = |seq: u64| format!("{group}:{seq}");
    let pin =
        json!({"type": "send", "group": group, "cid": "p", "kind": "pinned", "ref": event(seq), "data": {"on": true}});
    let pin = anna.ask(pin, "ack").await["seq"].as_u64().unwrap();
    anna.ask(json!({"type": "send", "group": group, "cid": "d", "kind": "deleted", "ref": event(gone)}), "ack").await;
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("anna"));
    for (reference, status, code) in [
        ("first".to_owned(), 400, "bad_frame"),
        (format!("{other}:1"), 400, "bad_frame"),
        (event(gone + 90), 404, "not_found"),
        (event(pin), 404, "not_found"),
        (event(gone), 409, "conflict"),
    ] {
        assert_eq!(anna.refused(reply(&group, "wrong", &reference)).await, code, "{reference}");
        let body = json!({"text": "wrong", "cid": "wrong", "ref": reference});
        let answer = caller.post(MESSAGES, &format!("/chat/{group}/message"), body).await;
        assert_eq!(answer.problem(status), code, "{reference}");
    }
    // What the hub says of members can be answered.
    anna.ask(reply(&group, "welcome", &event(1)), "ack").await;
    assert_eq!(eve.refused(reply(&group, "eve", &event(seq))).await, "forbidden");
    for (query, code) in [
        (format!("ref={other}:1"), 400),
        (format!("ref={group}"), 400),
        (format!("ref={}&page=0", event(seq)), 400),
        (format!("ref={}", event(gone + 90)), 404),
    ] {
        caller.get(MESSAGES, &format!("/chat/{group}/message?{query}")).await.expect(code);
    }
    let ask = |reference: String| json!({"type": "history", "group": group, "ref": reference});
    assert_eq!(anna.refused(ask(format!("{other}:1"))).await, "bad_frame");
    assert_eq!(anna.refused(ask(event(gone + 90))).await, "not_found");
    assert_eq!(eve.refused(ask(event(seq))).await, "forbidden");
}
