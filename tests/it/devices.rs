//! Devices of one user: each with a delivered mark of its own, as operators see it; over both stores.

use std::path::Path;

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use crate::commands::{beside, succeeds};
use crate::contract::stage::token;
use crate::protocol::peer::Peer;
use crate::support::{Hub, eventually, scratch, shared};

/// Anna on one of her devices, who holds these seqs already.
async fn anna_on(hub: &Hub, device: &str, cursors: Value) -> Peer {
    let mut peer = Peer::stranger(hub, Encoding::Json).await;
    peer.say(json!({"type": "hello", "token": token("anna"), "device": device, "cursors": cursors})).await;
    peer.next("welcome").await;
    peer
}

/// Says what a device holds, and goes: it is stored soon then.
async fn holds(hub: &Hub, device: &str, group: &str, seq: u64) {
    let mut peer = anna_on(hub, device, json!({})).await;
    peer.ask(json!({"type": "ping", "cursors": {group: seq}}), "pong").await;
}

/// Bert makes a group with anna and says something; its id and its head.
async fn group_of_both(hub: &Hub) -> (Peer, String, u64) {
    drop(anna_on(hub, "desk", json!({})).await);
    let (mut bert, _) = Peer::hello(hub, Encoding::Json, "bert").await;
    let group = bert.group(&["anna"]).await;
    let mut head = 0;
    for number in 0..4 {
        head = bert.send(&group, &format!("c{number}"), "hi").await;
    }
    (bert, group, head)
}

/// What `hubbub admin user anna` tells of her devices.
async fn told(hub: &Hub, directory: &Path) -> Vec<Value> {
    let shown = succeeds(beside(hub, directory, &["admin", "--json", "user", "anna"])).await;
    let report: Value = serde_json::from_str(&shown).expect("JSON");
    report["devices"].as_array().expect("devices").clone()
}

/// How far a device has come in a group.
fn delivered(devices: &[Value], device: &str, group: &str) -> Option<u64> {
    let device = devices.iter().find(|line| line["device"] == device)?;
    let marks = device["marks"].as_array().expect("marks");
    marks.iter().find(|mark| mark["group"] == group)?["delivered"].as_u64()
}

/// Waits until a device's mark is told to be there.
async fn until_delivered(hub: &Hub, directory: &Path, device: &str, group: &str, seq: u64) -> Vec<Value> {
    eventually("a device's mark is stored", async || {
        let devices = told(hub, directory).await;
        if delivered(&devices, device, group) == Some(seq) { Ok(devices) } else { Err(json!(devices)) }
    })
    .await
}

#[tokio::test]
async fn two_devices_of_a_user_each_have_their_own_mark() {
    let hub = Hub::embedded().await;
    let directory = scratch::directory("devices");
    let (_bert, group, head) = group_of_both(&hub).await;
    holds(&hub, "phone", &group, head - 2).await;
    holds(&hub, "laptop", &group, head + 90).await;
    until_delivered(&hub, directory.path(), "phone", &group, head - 2).await;
    until_delivered(&hub, directory.path(), "laptop", &group, head).await;
    let _phone = anna_on(&hub, "phone", json!({})).await;
    let devices = told(&hub, directory.path()).await;
    let line = |name: &str| devices.iter().find(|line| line["device"] == name).expect("it is told of");
    for (name, online, behind) in [("phone", true, 2), ("laptop", false, 0)] {
        assert_eq!((&line(name)["online"], &line(name)["marks"][0]["behind"]), (&json!(online), &json!(behind)));
        assert!(line(name)["last_seen"].as_i64().expect("a time") > 0);
    }
    // She was on it before there was a group.
    assert_eq!((line("desk")["groups"].as_u64(), &line("desk")["marks"]), (Some(0), &json!([])));
    let text = succeeds(beside(&hub, directory.path(), &["admin", "user", "anna"])).await;
    let row = format!("phone {group} {} 2", head - 2);
    assert!(text.lines().any(|line| line.split_whitespace().eq(row.split(' '))), "{text}");

    succeeds(beside(&hub, directory.path(), &["admin", "delete-user", "anna", "--yes"])).await;
    assert_eq!(told(&hub, directory.path()).await, Vec::<Value>::new());
}

#[tokio::test]
async fn no_node_that_dies_or_leaves_says_more_of_a_device_than_it_said() {
    let (redis, mongo) = (shared::redis().await, shared::mongodb().await);
    let node = |name: &str| Hub::builder(name).redis(&redis.url).mongodb(&mongo.url);
    let (mut a, mut b) = tokio::join!(node("a").start(), node("b").start());
    let directory = scratch::directory("devices-of-nodes");
    let (_bert, group, head) = group_of_both(&b).await;
    holds(&a, "phone", &group, head - 3).await;
    until_delivered(&b, directory.path(), "phone", &group, head - 3).await;
    let mut phone = anna_on(&a, "phone", json!({})).await;
    phone.ask(json!({"type": "ping", "cursors": {group.as_str(): head - 1}}), "pong").await;
    a.kill();
    let after = delivered(&told(&b, directory.path()).await, "phone", &group);
    assert!(after.is_some_and(|seq| seq < head), "{after:?}");

    // Whoever comes back says again what it holds.
    let phone = anna_on(&b, "phone", json!({group.as_str(): head - 1})).await;
    let devices = told(&b, directory.path()).await;
    assert_eq!(devices.iter().find(|line| line["device"] == "phone").map(|line| &line["online"]), Some(&json!(true)));
    let mut laptop = anna_on(&b, "laptop", json!({})).await;
    laptop.ask(json!({"type": "ping", "cursors": {group.as_str(): head - 2}}), "pong").await;
    // A node that leaves in good order stores what waits.
    assert!(b.terminate().await.success());
    drop((phone, laptop));
    a.restart().await;
    let devices = told(&a, directory.path()).await;
    assert_eq!(delivered(&devices, "phone", &group), Some(head - 1));
    assert_eq!(delivered(&devices, "laptop", &group), Some(head - 2));
}
