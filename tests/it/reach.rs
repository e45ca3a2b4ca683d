//! What people see of each other, as a deployment sets it: presence, typing, receipts, and devices beside each other.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use crate::contract::stage::token;
use crate::protocol::peer::Peer;
use crate::support::{Hub, http, shared};

async fn quiet(presence: &str, typing: &str, receipts: &str) -> Hub {
    let hub = Hub::builder("quiet").env("HUBBUB_PRESENCE", presence).env("HUBBUB_TYPING", typing);
    hub.env("HUBBUB_RECEIPTS", receipts).start().await
}

async fn found(hub: &Hub, username: &str) -> Value {
    let url = format!("{}/users?username={username}", hub.http_url());
    http::client().get(url).bearer_auth(token("anna")).send().await.unwrap().json().await.unwrap()
}

/// The users that a `watch` of this group shows.
async fn watched(peer: &mut Peer, group: &str) -> usize {
    let presence = peer.ask(json!({"type": "watch", "groups": [group]}), "presence").await;
    presence["users"].as_array().unwrap().len()
}

/// Bert reads, types, and says something; whether anna is told before it that he types.
async fn types_seen(anna: &mut Peer, bert: &mut Peer, group: &str, cid: &str) -> bool {
    let seq = bert.send(group, &format!("{cid}-read"), "read this").await;
    bert.ask(json!({"type": "read", "group": group, "seq": seq}), "ok").await;
    bert.say(json!({"type": "typing", "group": group})).await;
    bert.send(group, cid, "said").await;
    let said = |frame: &Value| frame["type"] == "message" && frame["text"] == "said" && frame["group"] == group;
    let typing = |frame: &Value| frame["type"] == "typing" && frame["group"] == group;
    let first = anna.next_where(|frame| said(frame) || typing(frame)).await;
    if typing(&first) {
        anna.next_where(said).await;
    }
    typing(&first)
}

#[tokio::test]
async fn where_all_is_off_nothing_is_offered_or_told_and_read_marks_are_kept() {
    let hub = quiet("off", "off", "off").await;
    let [mut anna, mut bert] = Peer::people(&hub, Encoding::Json, ["anna", "bert"]).await;
    let (_, welcome) = Peer::hello(&hub, Encoding::MsgPack, "cleo").await;
    let features = welcome["features"].as_array().unwrap();
    for off in ["presence", "typing", "receipts"] {
        assert!(!features.contains(&json!(off)), "{features:?}");
    }
    assert!(features.contains(&json!("direct")));
    let group = anna.group(&["bert"]).await;
    assert_eq!(watched(&mut anna, &group).await, 0);
    assert!(!types_seen(&mut anna, &mut bert, &group, "c1").await);
    let bert = &found(&hub, "bert").await[0];
    assert_eq!((&bert["id"], bert.get("online"), bert.get("last_seen")), (&json!("bert"), None, None));
    let (_, welcome) = Peer::hello(&hub, Encoding::Json, "bert").await;
    assert!(welcome["groups"][0]["read"].as_u64().unwrap() > 1, "{welcome}");
}

#[tokio::test]
async fn what_holds_in_small_groups_does_not_in_larger_ones() {
    let hub = quiet("2", "2", "on").await;
    let [mut anna, mut bert, _cleo] = Peer::people(&hub, Encoding::Json, ["anna", "bert", "cleo"]).await;
    let (small, large) = (anna.group(&["bert"]).await, anna.group(&["bert", "cleo"]).await);
    assert_eq!(watched(&mut anna, &large).await, 0);
    assert!(!types_seen(&mut anna, &mut bert, &large, "c1").await);
    assert_eq!(watched(&mut anna, &small).await, 2);
    assert!(types_seen(&mut anna, &mut bert, &small, "c2").await);
    assert_eq!(found(&hub, "bert").await[0]["online"], true);
}

/// Anna on one of her devices.
async fn anna_on(hub: &Hub, device: &str) -> Peer {
    let mut peer = Peer::stranger(hub, Encoding::Json).await;
    peer.say(json!({"type": "hello", "token": token("anna"), "device": device})).await;
    peer.next("welcome").await;
    peer
}

#[tokio::test]
async fn with_one_device_at_a_time_the_newest_takes_over_on_any_node() {
    let (redis, mongo) = (shared::redis().await, shared::mongodb().await);
    let node = |name: &str| Hub::builder(name).redis(&redis.url).mongodb(&mongo.url).env("HUBBUB_DEVICES", "one");
    let (a, b) = tokio::join!(node("a").start(), node("b").start());
    let mut window = anna_on(&a, "laptop").await;
    let mut other_window = anna_on(&b, "laptop").await;
    let _bert = Peer::hello(&a, Encoding::Json, "bert").await;
    window.ask(json!({"type": "ping"}), "pong").await;
    let mut phone = anna_on(&b, "phone").await;
    for older in [&mut window, &mut other_window] {
        let (code, bye) = older.over().await;
        let bye = bye.expect("it is told why");
        assert_eq!((code, &bye["code"], &bye["reconnect"]), (Some(4004), &json!(4004), &json!(false)));
    }
    phone.ask(json!({"type": "ping"}), "pong").await;
    let [_kept, ..] = Peer::people(&a, Encoding::Json, ["bert", "cleo"]).await;
    phone.ask(json!({"type": "ping"}), "pong").await;
}
