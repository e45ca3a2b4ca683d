//! Reactions over real sockets and calls: what they come to wherever a message is shown, who they are of, and what is
//! none.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::contract::stage::token;
use crate::http_api::caller::Caller;
use crate::support::Hub;

const REACTIONS: &str = "/chat/{group}/message/{seq}/reactions";
const MESSAGES: &str = "/chat/{group}/message";

fn react(group: &str, target: u64, emoji: &str, on: bool) -> Value {
    let (cid, data) = (format!("{target} {emoji} {on}"), json!({"emoji": emoji, "on": on}));
    json!({"type": "send", "group": group, "cid": cid, "kind": "reaction", "ref": format!("{group}:{target}"), "data": data})
}

/// What the group's newest message is shown with, in pages, lists and calls; the same everywhere.
async fn shown(peer: &mut Peer, caller: &mut Caller, group: &str, seq: u64) -> Value {
    let of = |messages: &Value| {
        let all = messages.as_array().unwrap();
        all.iter().find(|message| message["seq"] == seq).map(|message| message["reactions"].clone()).unwrap()
    };
    let page = peer.ask(json!({"type": "history", "group": group}), "history").await;
    let reactions = of(&page["messages"]);
    let groups = peer.ask(json!({"type": "groups"}), "groups").await;
    let listed = groups["groups"].as_array().unwrap().iter().find(|one| one["id"] == group).unwrap();
    assert_eq!(listed["last"]["reactions"], reactions, "last");
    let one = peer.ask(json!({"type": "group", "group": group}), "group").await;
    assert_eq!(one["last"]["reactions"], reactions, "group");
    for query in ["", "?after=0"] {
        let called = caller.get(MESSAGES, &format!("/chat/{group}/message{query}")).await.expect(200);
        assert_eq!(of(&called["messages"]), reactions, "{query}");
    }
    let called = caller.get("/chat/{group}", &format!("/chat/{group}")).await.expect(200);
    assert_eq!(called["last"]["reactions"], reactions, "call");
    let raw = peer.ask(json!({"type": "history", "group": group, "raw": true}), "history").await;
    assert!(of(&raw["messages"]).is_null(), "as it was said");
    reactions
}

#[tokio::test]
async fn reactions_are_counted_shown_and_taken_back() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let names = ["anna", "bert"].map(|name| format!("{name}-{}", encoding.name()));
        let users = names.each_ref().map(String::as_str);
        let [mut anna, mut bert] = Peer::people(&hub, encoding, users).await;
        let group = anna.group(&users[1..]).await;
        let seq = anna.send(&group, "c1", "hi").await;
        let (mut by_anna, mut by_bert) = (Caller::new(hub.http_url()).await, Caller::new(hub.http_url()).await);
        by_anna.bearer(token(users[0]));
        by_bert.bearer(token(users[1]));

        let acked = bert.ask(react(&group, seq, "🎉", true), "ack").await;
        let told = anna.next_where(|frame| frame["kind"] == "reaction").await;
        assert_eq!((&told["seq"], &told["ref"]), (&acked["seq"], &json!(format!("{group}:{seq}"))));
        assert_eq!(told["data"], json!({"emoji": "🎉", "on": true, "count": 1}));
        assert_eq!((&told["shown"], &told["n"]), (&json!(false), &json!(1)));
        anna.ask(react(&group, seq, "🎉", true), "ack").await;
        anna.ask(react(&group, seq, ":+1:", true), "ack").await;
        bert.next_where(|frame| frame["kind"] == "reaction" && frame["data"]["count"] == 2).await;
        let list = |mine: [bool; 2]| json!([{"emoji": "🎉", "count": 2, "mine": mine[0]}, {"emoji": ":+1:", "count": 1, "mine": mine[1]}]);
        assert_eq!(shown(&mut anna, &mut by_anna, &group, seq).await, list([true, true]));
        assert_eq!(shown(&mut bert, &mut by_bert, &group, seq).await, list([true, false]));
        // For who comes, in `welcome`; for who resumes, as events, with the count of each.
        let (_, welcome) = Peer::hello(&hub, encoding, users[1]).await;
        assert_eq!(welcome["groups"][0]["last"]["reactions"], list([true, false]));
        let (mut phone, _) = Peer::resume(&hub, encoding, users[1], json!({&group: seq})).await;
        let counts =
            [phone.next("message").await, phone.next("message").await].map(|event| event["data"]["count"].clone());
        assert_eq!(counts, [json!(1), json!(2)]);

        let listed = bert.ask(json!({"type": "reactions", "group": group, "seq": seq}), "reactions").await;
        let called = by_bert.get(REACTIONS, &format!("/chat/{group}/message/{seq}/reactions")).await.expect(200);
        assert_eq!((&called["users"], listed.get("next")), (&listed["users"], None));
        let order: Vec<_> =
            listed["users"].as_array().unwrap().iter().map(|one| (one["emoji"].clone(), one["id"].clone())).collect();
        assert_eq!(
            order,
            [(json!(":+1:"), json!(users[0])), (json!("🎉"), json!(users[0])), (json!("🎉"), json!(users[1]))]
        );
        assert_eq!(listed["users"][2]["time"], acked["time"]);
        let only = json!({"type": "reactions", "group": group, "seq": seq, "emoji": ":+1:"});
        assert_eq!(bert.ask(only, "reactions").await["users"].as_array().unwrap().len(), 1);
        let path = format!("/chat/{group}/message/{seq}/reactions?emoji=%3A%2B1%3A");
        assert_eq!(by_bert.get(REACTIONS, &path).await.expect(200)["users"][0]["id"], json!(users[0]));

        // Taken back, by a call; a repeat changes nothing.
        let back = json!({"kind": "reaction", "ref": format!("{group}:{seq}"), "data": {"emoji": "🎉", "on": false}, "cid": "back"});
        for _ in 0..2 {
            by_anna.post(MESSAGES, &format!("/chat/{group}/message"), back.clone()).await.expect(201);
        }
        bert.next_where(|frame| frame["data"] == json!({"emoji": "🎉", "on": false, "count": 1})).await;
        let left = json!([{"emoji": "🎉", "count": 1, "mine": false}, {"emoji": ":+1:", "count": 1, "mine": true}]);
        assert_eq!(shown(&mut anna, &mut by_anna, &group, seq).await, left);
        let groups = anna.ask(json!({"type": "groups"}), "groups").await;
        assert_eq!(groups["groups"][0]["unread"], 0, "nothing is unread by it");
    }
}

#[tokio::test]
async fn what_is_no_emoji_or_no_message_is_refused_at_every_door() {
    let hub = Hub::embedded().await;
    let [mut anna, mut eve] = Peer::people(&hub, Encoding::Json, ["anna", "eve"]).await;
    let group = anna.group(&[]).await;
    let other = anna.group(&[]).await;
    let seq = anna.send(&group, "c1", "hi").await;
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("anna"));
    let path = format!("/chat/{group}/message");
    let mut refused = async |anna: &mut Peer, frame: Value, status: u16, code: &str| {
        assert_eq!(anna.refused(frame.clone()).await, code, "{frame}");
        let mut body = frame;
        body.as_object_mut().unwrap().retain(|field, _| field != "type" && field != "group");
        assert_eq!(caller.post(MESSAGES, &path, body.clone()).await.problem(status), code, "{body}");
    };
    for wrong in ["ok", "", "👍👍", "👍 ", ":A:", "$set", "a.b", "🇵"] {
        refused(&mut anna, react(&group, seq, wrong, true), 400, "bad_frame").await;
    }
    let mut without = react(&group, seq, "👍", true);
    for (field, value) in
        [("data", json!({"emoji": "👍"})), ("data", json!({"on": true})), ("ref", json!(format!("{other}:1")))]
    {
        let mut frame = react(&group, seq, "👍", true);
        frame[field] = value;
        refused(&mut anna, frame, 400, "bad_frame").await;
    }
    without.as_object_mut().unwrap().remove("ref");
    refused(&mut anna, without, 400, "bad_frame").await;
    // Of the future, of what nobody said.
    refused(&mut anna, react(&group, seq + 9, "👍", true), 404, "not_found").await;
    refused(&mut anna, react(&group, 1, "👍", true), 404, "not_found").await;
    assert_eq!(eve.refused(react(&group, seq, "👍", true)).await, "forbidden");
    for number in 0..20 {
        anna.ask(react(&group, seq, &format!(":n{number}:"), true), "ack").await;
    }
    refused(&mut anna, react(&group, seq, ":n20:", true), 413, "too_large").await;
    anna.ask(react(&group, seq, ":n7:", false), "ack").await;
    anna.ask(react(&group, seq, ":n21:", true), "ack").await;
}

#[tokio::test]
async fn who_reacts_is_told_to_members_alone() {
    let hub = Hub::embedded().await;
    let [mut anna, mut eve] = Peer::people(&hub, Encoding::Json, ["anna", "eve"]).await;
    let group = anna.group(&[]).await;
    let seq = anna.send(&group, "c1", "hi").await;
    let ask = |seq: u64| json!({"type": "reactions", "group": group, "seq": seq});
    assert_eq!(eve.refused(ask(seq)).await, "forbidden");
    assert_eq!(anna.refused(ask(seq + 1)).await, "not_found");
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("anna"));
    for (field, wrong) in [("emoji", "ok"), ("after", "nonsense"), ("after", "👍 a b")] {
        let mut frame = ask(seq);
        frame[field] = json!(wrong);
        assert_eq!(anna.refused(frame).await, "bad_frame", "{field} {wrong}");
        let path = format!("/chat/{group}/message/{seq}/reactions?{field}={}", wrong.replace(' ', "%20"));
        assert_eq!(caller.get(REACTIONS, &path).await.problem(400), "bad_frame", "{field} {wrong}");
    }
    assert_eq!(
        caller.get(REACTIONS, &format!("/chat/{group}/message/{}/reactions", seq + 1)).await.problem(404),
        "not_found"
    );
    caller.bearer(token("eve"));
    assert_eq!(
        caller.get(REACTIONS, &format!("/chat/{group}/message/{seq}/reactions")).await.problem(404),
        "not_found"
    );
}

/// What is deleted has no reactions left, and gets none.
#[tokio::test]
async fn reactions_go_with_what_they_are_to() {
    let hub = Hub::embedded().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    let group = anna.group(&[]).await;
    let seq = anna.send(&group, "c1", "hi").await;
    anna.ask(react(&group, seq, "👍", true), "ack").await;
    let deleted =
        json!({"type": "send", "group": group, "cid": "d", "kind": "deleted", "ref": format!("{group}:{seq}")});
    anna.ask(deleted, "ack").await;
    assert_eq!(anna.refused(react(&group, seq, "🎉", true)).await, "conflict");
    let page = anna.ask(json!({"type": "history", "group": group}), "history").await;
    let target = page["messages"].as_array().unwrap().iter().find(|message| message["seq"] == seq).unwrap().clone();
    assert_eq!(target.get("reactions"), None, "{target}");
    let listed = anna.ask(json!({"type": "reactions", "group": group, "seq": seq}), "reactions").await;
    assert_eq!(listed["users"], json!([]));
}
