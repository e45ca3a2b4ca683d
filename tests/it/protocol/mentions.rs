//! Mentions over real sockets and calls: whom a text may mention, and how many of them were not read.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::contract::stage::token;
use crate::http_api::caller::Caller;
use crate::support::Hub;

const MESSAGES: &str = "/chat/{group}/message";

fn mention(group: &str, cid: &str, whom: Value) -> Value {
    json!({"type": "send", "group": group, "cid": cid, "text": cid, "mentions": whom})
}

/// How many unread texts mention the user, as it is told everywhere.
async fn mentioned(hub: &Hub, peer: &mut Peer, encoding: Encoding, user: &str, group: &str) -> Value {
    let of = |groups: &Value| {
        let all = groups.as_array().unwrap();
        all.iter().find(|one| one["id"] == group).unwrap()["mentioned"].clone()
    };
    let told = peer.ask(json!({"type": "group", "group": group}), "group").await["mentioned"].clone();
    assert_eq!(of(&peer.ask(json!({"type": "groups"}), "groups").await["groups"]), told, "groups");
    let (_, welcome) = Peer::hello(hub, encoding, user).await;
    assert_eq!(of(&welcome["groups"]), told, "welcome");
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token(user));
    assert_eq!(of(&caller.get("/chat", "/chat").await.expect(200)["groups"]), told, "GET /chat");
    assert_eq!(caller.get("/chat/{group}", &format!("/chat/{group}")).await.expect(200)["mentioned"], told, "call");
    told
}

#[tokio::test]
async fn mentions_are_delivered_and_counted_until_they_are_read() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let names = ["anna", "bert", "cleo"].map(|name| format!("{name}-{}", encoding.name()));
        let users = names.each_ref().map(String::as_str);
        let [mut anna, mut bert, mut cleo] = Peer::people(&hub, encoding, users).await;
        let group = anna.group(&users[1..]).await;
        assert_eq!(mentioned(&hub, &mut bert, encoding, users[1], &group).await, json!(0));
        anna.ask(mention(&group, "plain", json!([])), "ack").await;
        let first = anna.ask(mention(&group, "you", json!([users[1]])), "ack").await["seq"].clone();
        let told = bert.next_where(|frame| frame["text"] == "you").await;
        assert_eq!(told["mentions"], json!([users[1]]));
        anna.ask(mention(&group, "all", json!("all")), "ack").await;
        assert_eq!(cleo.next_where(|frame| frame["text"] == "all").await["mentions"], json!("all"));
        assert_eq!(mentioned(&hub, &mut bert, encoding, users[1], &group).await, json!(2));
        assert_eq!(mentioned(&hub, &mut cleo, encoding, users[2], &group).await, json!(1));
        bert.ask(json!({"type": "read", "group": group, "seq": first}), "ok").await;
        assert_eq!(mentioned(&hub, &mut bert, encoding, users[1], &group).await, json!(1));
        let page = bert.ask(json!({"type": "history", "group": group, "limit": 2}), "history").await;
        assert_eq!(
            [&page["messages"][0]["mentions"], &page["messages"][1]["mentions"]],
            [&json!([users[1]]), &json!("all")]
        );
        // With a reply, by a call.
        let mut caller = Caller::new(hub.http_url()).await;
        caller.bearer(token(users[0]));
        let body = json!({"text": "reply", "ref": format!("{group}:{first}"), "mentions": [users[1], users[2]]});
        caller.post(MESSAGES, &format!("/chat/{group}/message"), body).await.expect(201);
        assert_eq!(mentioned(&hub, &mut cleo, encoding, users[2], &group).await, json!(2));
        assert_eq!(mentioned(&hub, &mut anna, encoding, users[0], &group).await, json!(0));
    }
}

#[tokio::test]
async fn who_may_not_be_mentioned_is_refused_at_every_door() {
    let hub = Hub::embedded().await;
    let [mut anna, mut bert, _eve] = Peer::people(&hub, Encoding::Json, ["anna", "bert", "eve"]).await;
    let group = anna.group(&["bert"]).await;
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("bert"));
    let many: Vec<String> = (0..101).map(|number| format!("user-{number}")).collect();
    for (whom, status, code) in [
        (json!(["eve"]), 404, "not_found"),
        (json!(["anna", "nobody"]), 404, "not_found"),
        (json!("everybody"), 400, "bad_frame"),
        (json!([1]), 400, "bad_frame"),
        (json!(["a b"]), 400, "bad_frame"),
        (json!(["hub.system"]), 400, "bad_frame"),
        (json!(many), 400, "bad_frame"),
        (json!({"anna": true}), 400, "bad_frame"),
    ] {
        assert_eq!(bert.refused(mention(&group, "wrong", whom.clone())).await, code, "{whom}");
        let body = json!({"text": "wrong", "cid": "wrong", "mentions": whom});
        let answer = caller.post(MESSAGES, &format!("/chat/{group}/message"), body).await;
        assert_eq!(answer.problem(status), code, "{whom}");
    }
    let mut pin = mention(&group, "x", json!(["anna"]));
    pin["kind"] = json!("x.poll");
    assert_eq!(bert.refused(pin).await, "bad_frame");
    bert.ask(mention(&group, "fine", json!("all")), "ack").await;
}

/// In a large group only admins mention all.
#[tokio::test]
async fn all_of_a_large_group_are_mentioned_by_its_admins() {
    let hub = Hub::builder("a").env("HUBBUB_MAX_MEMBERS", "300").start().await;
    let [mut anna, mut bert] = Peer::people(&hub, Encoding::Json, ["anna", "bert"]).await;
    let names: Vec<String> =
        (0..200).map(|number| format!("user-{number}")).chain(["anna".into(), "bert".into()]).collect();
    let mut internal = Caller::new(hub.internal_url()).await;
    let made = internal.post("/group/", "/group/", json!({"name": "large", "users": names})).await.expect(201);
    let group = made["id"].as_str().unwrap().to_owned();
    for peer in [&mut anna, &mut bert] {
        peer.next("group").await;
    }
    assert_eq!(bert.refused(mention(&group, "all", json!("all"))).await, "forbidden");
    bert.ask(mention(&group, "one", json!(["user-7"])), "ack").await;
    let (mut admin, _) = Peer::hello(&hub, Encoding::Json, "user-0").await;
    admin.ask(mention(&group, "all", json!("all")), "ack").await;
    assert_eq!(anna.ask(json!({"type": "group", "group": group}), "group").await["mentioned"], 1);
}
