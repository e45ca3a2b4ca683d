//! A group that is made with a cid is deleted, also while it is being made: with the same cid it is made anew.

use hubbub::domain::{Cid, GroupId, UserId};
use serde_json::{Value, json};

use super::deletions::{ANN, BOB, DELETES, told};
use super::gates::Side;
use super::test_cluster::{TestCluster, until_acked};
use crate::people::Client;

/// The answer to the `create`.
async fn answered(client: &mut Client) -> Value {
    loop {
        let answer = client.next_of(&["group", "error"]).await;
        if answer["re"] == "create" {
            return answer;
        }
    }
}

/// A group is deleted while it is being made, at any of these steps.
async fn a_creation_is_stopped(side: Side, call: &'static str) {
    let scene = TestCluster::open(3).await;
    let (mut ann, mut bob) = (scene.join(ANN, "ann").await, scene.join(BOB, "bob").await);
    let group = GroupId::created_by(&UserId::parse("ann").unwrap(), &Cid::parse("c").unwrap());
    let create = json!({"type": "create", "id": "create", "name": "tea", "members": ["bob"], "cid": "c"});
    let stopped = scene.nodes[ANN].gates.hold(side, call);
    tokio::join!(ann.say(create.clone()), async {
        stopped.reached().await;
        scene.nodes[DELETES].hub.delete_group(&group).await.unwrap();
        stopped.release();
    });
    let answer = answered(&mut ann).await;
    if answer["type"] == "error" {
        assert_eq!(answer["code"], "unavailable", "{call}: {answer}");
        ann.say(create).await;
        assert_eq!(answered(&mut ann).await["id"], group.as_str(), "{call}");
    }
    let stored = scene.store.group(&group).await.unwrap().expect("it is there");
    let members: Vec<_> = stored.members.iter().map(|member| member.id.as_str()).collect();
    assert_eq!(members, ["ann", "bob"], "{call}");
    let send = json!({"type": "send", "id": 2, "group": group.as_str(), "cid": "x", "text": "x"});
    let ack = until_acked(&mut bob, send).await;
    assert_eq!(ann.texts(1).await, [(ack["seq"].as_u64().unwrap(), "x".to_owned())]);
    let shown = ann.ask(json!({"type": "history", "group": group.as_str()}), "history").await;
    let kinds: Vec<_> = shown["messages"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["joined", "joined", "text"], "{call}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_is_under_way() {
    a_creation_is_stopped(Side::After, "create_group").await;
    a_creation_is_stopped(Side::Before, "restore").await;
    a_creation_is_stopped(Side::Before, "change_members").await;
    a_creation_is_stopped(Side::After, "change_members").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_made_with_a_cid_is_made_anew_with_it() {
    let scene = TestCluster::open(3).await;
    let (mut ann, mut bob) = (scene.join(ANN, "ann").await, scene.join(BOB, "bob").await);
    let create = json!({"type": "create", "id": "create", "name": "tea", "members": ["bob"], "cid": "c"});
    let mut before = 0;
    for _ in 0..3 {
        ann.say(create.clone()).await;
        let made = answered(&mut ann).await;
        let (id, first) = (made["id"].as_str().expect("it is made").to_owned(), made["first"].as_u64().unwrap());
        assert!(first > before, "{made}");
        assert_eq!(told(&mut bob, false).await["id"], id.as_str());
        let send = json!({"type": "send", "id": 2, "group": id, "cid": "same", "text": "x"});
        let ack = bob.ask(send, "ack").await;
        assert_eq!(ann.texts(1).await, [(ack["seq"].as_u64().unwrap(), "x".to_owned())]);
        assert_eq!(ack["seq"].as_u64(), Some(first + 2), "after those who joined");
        let group = GroupId::parse(&id).unwrap();
        scene.nodes[DELETES].hub.delete_group(&group).await.unwrap();
        told(&mut ann, true).await;
        told(&mut bob, true).await;
        before = ack["seq"].as_u64().unwrap();
    }
}
