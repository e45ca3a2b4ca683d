//! Somebody comes to a group, or is removed from it, while their node is busy with it.

use serde_json::json;

use super::gates::Side;
use super::test_cluster::{TestCluster, repeat_until_acked};
use crate::people::Client;
use crate::support::eventually;

/// The only other one of their node leaves while the newcomer's `joined` waits there for names.
#[tokio::test(flavor = "multi_thread")]
async fn who_joins_while_the_last_one_leaves_hears_all() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let mut guest = scene.join(2, "guest").await;
    // Whose name the guest's node has to ask for.
    let _stranger = scene.join(0, "stranger").await;
    let names = scene.nodes[2].gates.hold(Side::Before, "users");
    let add = json!({"type": "add", "id": 7, "group": group.as_str(), "users": ["guest", "stranger"]});
    people[0].ask(add, "ok").await;
    names.reached().await;
    people.remove(2).session.end().await;
    names.release();
    assert_eq!(guest.next("group").await["id"], group.as_str());
    repeat_until_acked(&mut people[0], &group, "hello, guest").await;
    assert_eq!(guest.texts(1).await[0].1, "hello, guest");
    people.push(guest);
    scene.agree(&mut people, &group).await;
}

/// A user is removed between the look at who is a member and the welcome.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_during_their_hello_is_not_let_in() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    people.remove(2).session.end().await;
    scene.route_left(2, &group).await;
    let _stranger = scene.join(0, "stranger").await;
    people[0].ask(json!({"type": "add", "id": 7, "group": group.as_str(), "users": ["stranger"]}), "ok").await;
    let gates = &scene.nodes[2].gates;
    let document = gates.hold(Side::Before, "groups");
    let hub = scene.nodes[2].hub.clone();
    let hello = tokio::spawn(async move { Client::hello(&hub, "user-2").await.0 });
    document.reached().await;
    let names = gates.hold(Side::Before, "users");
    document.release();
    names.reached().await;
    let looked = gates.calls("users");
    people[0].ask(json!({"type": "remove", "id": 8, "group": group.as_str(), "users": ["user-2"]}), "ok").await;
    scene.not_a_member(&group, "user-2").await;
    eventually(
        "the removal is given out there",
        async || {
            if gates.calls("users") > looked { Ok(()) } else { Err("not yet") }
        },
    )
    .await;
    for number in 0..10 {
        repeat_until_acked(&mut people[0], &group, &format!("not for all {number}")).await;
    }
    names.release();
    let mut removed = hello.await.expect("the hello is answered");
    let ask = json!({"type": "history", "id": 9, "group": group.as_str()});
    removed.say(ask).await;
    let answer = removed.next_of(&["history", "error"]).await;
    assert_eq!(answer["type"], "error", "a removed user reads on: {answer}");
}

/// A user is removed again before their node, which has nothing of the group, has taken it up.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_before_their_node_has_the_group_is_not_brought_to_it_for_ever() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    people.remove(2).session.end().await;
    scene.route_left(2, &group).await;
    let _guest = scene.join(2, "guest").await;
    let gates = &scene.nodes[2].gates;
    let route = gates.hold(Side::Before, "join_routes");
    people[0].ask(json!({"type": "add", "id": 7, "group": group.as_str(), "users": ["guest"]}), "ok").await;
    route.reached().await;
    people[0].ask(json!({"type": "remove", "id": 8, "group": group.as_str(), "users": ["guest"]}), "ok").await;
    let left = gates.calls("leave_route");
    route.release();
    let passed = async |call: &str, times: usize| {
        eventually("the node goes on", async || if gates.calls(call) >= times { Ok(()) } else { Err("not yet") }).await
    };
    passed("leave_route", left + 1).await;
    let (tries, beats) = (gates.calls("join_routes"), gates.calls("beat"));
    // More than a second: so long no pause between tries is at first.
    passed("beat", beats + 4).await;
    assert_eq!(gates.calls("join_routes"), tries, "it goes on trying");
}

/// Peer messages were lost, and all memberships are compared, while a hello is under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_hello_without_cursors_begins_live_whatever_is_compared() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    people.remove(2).session.end().await;
    scene.route_left(2, &group).await;
    for number in 0..20 {
        repeat_until_acked(&mut people[0], &group, &format!("before {number}")).await;
    }
    let gates = &scene.nodes[2].gates;
    let registered = gates.hold(Side::After, "register");
    let hub = scene.nodes[2].hub.clone();
    let hello = tokio::spawn(async move { Client::hello(&hub, "user-2").await.0 });
    registered.reached().await;
    let looked = gates.calls("user");
    gates.fail(Side::Before, "read_inbox", 1);
    eventually("memberships are compared", async || if gates.calls("user") > looked { Ok(()) } else { Err("not yet") })
        .await;
    for number in 0..20 {
        repeat_until_acked(&mut people[0], &group, &format!("meanwhile {number}")).await;
    }
    registered.release();
    people.push(hello.await.expect("the hello is answered"));
    repeat_until_acked(&mut people[0], &group, "live").await;
    assert_eq!(people[2].texts(1).await[0].1, "live", "nobody asked for what was before");
    scene.agree(&mut people, &group).await;
}
