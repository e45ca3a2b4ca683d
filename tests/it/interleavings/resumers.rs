//! A session resumes while the group goes on: registered, subscribed and replayed without a hole,
//! wherever it is held up.

use hubbub::domain::{Cid, Event, Head, Kind, UserId, now_ms};
use serde_json::json;

use super::gates::Side;
use super::test_cluster::{TestCluster, repeat_until_acked};
use crate::people::Client;

/// Every step of a hello and of the replay after it that another event may slip in between.
const STEPS: [(Side, &str); 9] = [
    (Side::Before, "register"),
    (Side::After, "register"),
    (Side::After, "users"),
    (Side::After, "marks"),
    (Side::Before, "join_routes"),
    (Side::After, "join_routes"),
    (Side::After, "groups"),
    (Side::Before, "recent"),
    (Side::After, "recent"),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_holds_a_hello_up_nothing_is_missed() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    for (number, (side, call)) in STEPS.into_iter().enumerate() {
        people.remove(2).session.end().await;
        scene.route_left(2, &group).await;
        let cursor = scene.stored(&group).await.len() as u64;
        for what in ["one missed", "two missed"] {
            repeat_until_acked(&mut people[0], &group, &format!("{what} {number}")).await;
        }
        let held = scene.nodes[2].gates.hold(side, call);
        let (hub, cursors) = (scene.nodes[2].hub.clone(), json!({group.as_str(): cursor}));
        let resuming = tokio::spawn(async move { Client::resume(&hub, "user-2", cursors).await.0 });
        held.reached().await;
        for what in ["one meanwhile", "two meanwhile"] {
            repeat_until_acked(&mut people[0], &group, &format!("{what} {number}")).await;
        }
        held.release();
        people.push(resuming.await.expect("the hello is answered"));
        let seen = people[2].texts(4).await;
        let seqs: Vec<_> = seen.iter().map(|(seq, _)| *seq).collect();
        assert!(seqs.iter().copied().eq(cursor + 1..=cursor + 4), "held {side:?} {call}: {seen:?} after {cursor}");
    }
    scene.agree(&mut people, &group).await;
}

/// Of a batch that is being stored, the last is there first: who resumes is not shown it out of turn.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_behind_a_hole_comes_in_its_turn() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    people.remove(2).session.end().await;
    scene.route_left(2, &group).await;
    for number in 3..=10 {
        repeat_until_acked(&mut people[0], &group, &format!("event {number}")).await;
    }
    let last = Event {
        from: UserId::parse("user-0").unwrap(),
        kind: Kind::Text,
        traits: Kind::Text.traits(),
        text: Some("event 12".into()),
        cid: Cid::parse("event 12").unwrap(),
        ..Event::void(group.clone(), Head { seq: 12, n: 10, shown: 12, time: now_ms() })
    };
    scene.store.insert(&[last]).await.unwrap();
    scene.forget_recent_events().await;
    let (mut resumed, _) = Client::resume(&scene.nodes[2].hub, "user-2", json!({group.as_str(): 8})).await;
    let mut seen = resumed.texts(2).await;
    for number in [11, 12] {
        repeat_until_acked(&mut people[0], &group, &format!("event {number}")).await;
    }
    seen.extend(resumed.texts(2).await);
    assert!(seen.iter().map(|(seq, _)| *seq).eq(9..=12), "{seen:?}");
    people.push(resumed);
    scene.agree(&mut people, &group).await;
}
