//! Repeats, removals and first messages while a send is under way.

use hubbub::domain::{Cid, Kind, UserId};
use hubbub::protocol::{SendFrame, Target};
use serde_json::json;

use super::gates::Side;
use super::test_cluster::{FIRST, TestCluster, send, until_acked};

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_on_another_node_while_the_first_try_is_in_the_log() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let mut elsewhere = scene.join(2, "user-0").await;
    let stopped = scene.nodes[FIRST].gates.hold(Side::Before, "insert");
    send(&mut people[0], &group, "twice").await;
    stopped.reached().await;
    send(&mut elsewhere, &group, "twice").await;
    stopped.release();
    let (one, two) = (people[0].next("ack").await, elsewhere.next("ack").await);
    assert_eq!(one["seq"], two["seq"]);
    people.push(elsewhere);
    scene.agree(&mut people, &group).await;
}

/// The node of the retry has no session in the group: no delivery will tell it.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_over_http_while_the_first_try_is_in_the_log() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    // The only session of the third node leaves it.
    people.remove(2).session.end().await;
    scene.route_left(2, &group).await;
    let stopped = scene.nodes[FIRST].gates.hold(Side::Before, "insert");
    send(&mut people[0], &group, "twice").await;
    stopped.reached().await;
    let hub = scene.nodes[2].hub.clone();
    let frame = SendFrame {
        target: Target::Group(group.clone()),
        cid: Cid::parse("twice").unwrap(),
        kind: Kind::Text,
        traits: Kind::Text.traits(),
        text: Some("twice".into()),
        reference: None,
        data: None,
        mentions: None,
    };
    let user = UserId::parse("user-0").unwrap();
    // It was seen before, and the store does not have it yet.
    let checked = scene.nodes[2].gates.hold(Side::After, "event");
    let retry = tokio::spawn(async move { hub.send(&user, frame).await });
    checked.reached().await;
    stopped.release();
    let ack = people[0].next("ack").await;
    checked.release();
    let stored = retry.await.unwrap().expect("it is stored, and so acked");
    assert_eq!(ack["seq"], stored.seq);
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_removed_while_their_send_is_in_the_log() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let stopped = scene.nodes[FIRST].gates.hold(Side::Before, "insert");
    send(&mut people[2], &group, "last words").await;
    stopped.reached().await;
    let remove = json!({"type": "remove", "id": 1, "group": group.as_str(), "users": ["user-2"]});
    tokio::join!(people[0].say(remove), async {
        scene.not_a_member(&group, "user-2").await;
        stopped.release();
    });
    let ack = people[2].next("ack").await;
    let gone = people[2].next("group").await;
    assert_eq!(gone["gone"], true);
    let seen = people[0].texts(1).await;
    assert_eq!((ack["seq"].as_u64(), seen[0].1.as_str()), (Some(seen[0].0), "last words"));
    people[0].next("ok").await;
    send(&mut people[2], &group, "more words").await;
    assert_eq!(people[2].next("error").await["code"], "forbidden");
    send(&mut people[2], &group, "last words").await;
    assert_eq!(people[2].next("ack").await["seq"], ack["seq"]);
}

/// A new direct chat reaches a user whose node has never heard of it; also when the owner cannot
/// find out where they are.
async fn a_first_message_reaches(failing: Option<&'static str>) {
    let scene = TestCluster::open(3).await;
    let mut anna = scene.join(0, "anna").await;
    let mut bert = scene.join(2, "bert").await;
    if let Some(call) = failing {
        // More often than an owner tries, for the first event and for the second.
        scene.nodes[FIRST].gates.fail(Side::Before, call, 12);
    }
    let first = json!({"type": "send", "id": 1, "to": "bert", "cid": "first", "text": "first"});
    let ack = until_acked(&mut anna, first).await;
    assert_eq!(bert.next("group").await["id"], ack["group"]);
    assert_eq!(bert.texts(1).await, [(ack["seq"].as_u64().unwrap(), "first".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_of_a_direct_chat() {
    a_first_message_reaches(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_of_a_direct_chat_while_nobody_can_be_found() {
    a_first_message_reaches(Some("whereabouts")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_of_a_direct_chat_while_peer_messages_are_lost() {
    a_first_message_reaches(Some("post")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_of_a_direct_chat_while_its_owner_dies() {
    let scene = TestCluster::open(3).await;
    let mut anna = scene.join(0, "anna").await;
    let mut bert = scene.join(2, "bert").await;
    let gates = &scene.nodes[FIRST].gates;
    let stopped = gates.hold(Side::After, "commit");
    let first = json!({"type": "send", "id": 1, "to": "bert", "cid": "first", "text": "first"});
    tokio::join!(anna.say(first.clone()), async {
        stopped.reached().await;
        gates.freeze();
        stopped.release();
        scene.taken_over_from(FIRST).await;
    });
    let ack = until_acked(&mut anna, first).await;
    assert_eq!(bert.next("group").await["id"], ack["group"]);
    assert_eq!(bert.texts(1).await[0].1, "first");
}
