//! Redis loses all or some of what it held, at the wrong moment.

use std::time::{Duration, Instant};

use hubbub::domain::{Cid, GroupId, Kind, NodeName, Role, UserId};
use hubbub::ports::{ChangeOutcome, ChangeRequest, Permission};
use hubbub::protocol::{SendFrame, Target};
use serde_json::json;

use super::gates::Side;
use super::test_cluster::{FIRST, TestCluster, repeat_until_acked, send};
use crate::people::{Client, make_group};
use crate::support::redis::RedisOptions;
use crate::support::{RedisCluster, eventually, shared};

/// Longer than a lease, and than anybody waits for an answer.
const SILENT_FOR: Duration = Duration::from_secs(20);

/// Redis is emptied while the owner stands at a call with a message in its hands.
async fn redis_is_emptied(side: Side, call: &'static str) {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let stopped = scene.nodes[FIRST].gates.hold(side, call);
    send(&mut people[0], &group, "on its way").await;
    stopped.reached().await;
    scene.empty_redis().await;
    stopped.release();
    repeat_until_acked(&mut people[0], &group, "on its way").await;
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emptied_between_append_and_insert() {
    redis_is_emptied(Side::Before, "insert").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emptied_between_insert_and_commit() {
    redis_is_emptied(Side::Before, "commit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emptied_between_commit_and_inbox() {
    redis_is_emptied(Side::Before, "post").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emptied_while_entries_are_read() {
    redis_is_emptied(Side::After, "read_log").await;
}

/// The seq is given twice: once before Redis was emptied, once after.
#[tokio::test(flavor = "multi_thread")]
async fn emptied_and_the_seq_given_again() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let gates = &scene.nodes[FIRST].gates;
    let stopped = gates.hold(Side::Before, "insert");
    send(&mut people[0], &group, "first to have the seq").await;
    stopped.reached().await;
    gates.freeze();
    stopped.release();
    scene.empty_redis().await;
    repeat_until_acked(&mut people[2], &group, "second to have the seq").await;
    gates.thaw();
    repeat_until_acked(&mut people[0], &group, "first to have the seq").await;
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_lost_and_seqs_collide() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    send(&mut people[0], &group, "kept").await;
    people[0].next("ack").await;
    let early = scene.snapshot().await;
    for cid in ["lost 1", "lost 2", "lost 3"] {
        send(&mut people[0], &group, cid).await;
        people[0].next("ack").await;
    }
    scene.roll_back(early).await;
    // Each takes a seq that the store has given away.
    for (at, client) in people.iter_mut().enumerate() {
        send(client, &group, &format!("after {at}")).await;
    }
    for client in &mut people {
        client.next("ack").await;
    }
    // Acked before, and unknown to Redis: acked again with its seq.
    repeat_until_acked(&mut people[0], &group, "lost 2").await;
    scene.agree(&mut people, &group).await;
}

/// A membership change gets a seq that is taken, and moves.
#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_lost_and_a_change_collides() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let mut guest = scene.join(2, "guest").await;
    let early = scene.snapshot().await;
    send(&mut people[0], &group, "lost").await;
    people[0].next("ack").await;
    scene.roll_back(early).await;
    people[0].ask(json!({"type": "add", "id": 1, "group": group.as_str(), "users": ["guest"]}), "ok").await;
    assert_eq!(guest.next("group").await["id"], group.as_str());
    repeat_until_acked(&mut guest, &group, "hello").await;
    people.push(guest);
    scene.agree(&mut people, &group).await;
}

/// Redis comes back without a commit and its peer messages, and nobody says anything more.
#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_lost_with_a_peer_message() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let early = scene.snapshot().await;
    let deaf = scene.nodes[2].gates.hold(Side::Before, "read_inbox");
    deaf.reached().await;
    repeat_until_acked(&mut people[0], &group, "lost").await;
    scene.roll_back(early).await;
    scene.lose_inboxes().await;
    deaf.release();
    assert_eq!(people[2].texts(1).await[0].1, "lost");
    scene.agree(&mut people, &group).await;
}

/// The same, where no node but the one that does not hear has the group: only its owner knows.
#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_lost_with_the_only_peer_message() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let mut listener = people.remove(2);
    for (node, client) in people.into_iter().enumerate() {
        client.session.end().await;
        scene.route_left(node, &group).await;
    }
    let early = scene.snapshot().await;
    let deaf = scene.nodes[2].gates.hold(Side::Before, "read_inbox");
    deaf.reached().await;
    let frame = SendFrame {
        target: Target::Group(group.clone()),
        cid: Cid::parse("lost").unwrap(),
        kind: Kind::Text,
        traits: Kind::Text.traits(),
        text: Some("lost".into()),
        reference: None,
        data: None,
        mentions: None,
    };
    scene.nodes[0].hub.send(&UserId::parse("user-0").unwrap(), frame).await.expect("it is stored");
    scene.roll_back(early).await;
    scene.nodes[FIRST].gates.fail(Side::After, "read_log", 1);
    scene.lose_inboxes().await;
    deaf.release();
    assert_eq!(listener.texts(1).await[0].1, "lost");
}

/// Redis no longer knows of a member, and nobody else changes who is one.
#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_lost_with_somebody_who_joined() {
    a_member_is_lost(false).await;
}

/// Before it is noticed, another's send takes the next seqs.
#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_lost_with_somebody_who_joined_and_seqs_collide() {
    a_member_is_lost(true).await;
}

async fn a_member_is_lost(others_go_on: bool) {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let mut guest = scene.join(2, "guest").await;
    let early = scene.snapshot().await;
    people[0].ask(json!({"type": "add", "id": 1, "group": group.as_str(), "users": ["guest"]}), "ok").await;
    assert_eq!(guest.next("group").await["id"], group.as_str());
    scene.roll_back(early).await;
    if others_go_on {
        repeat_until_acked(&mut people[0], &group, "at the guest's seq").await;
    } else {
        scene.lose_inboxes().await;
    }
    let guests = [UserId::parse("guest").unwrap()];
    eventually("the guest is a member again", async || match scene.backplane.roles(0, &group, &guests).await {
        Ok(Some(roles)) if roles == [Some(Role::Member)] => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    repeat_until_acked(&mut guest, &group, "hello").await;
    people.push(guest);
    scene.agree(&mut people, &group).await;
}

/// Redis takes a change whose id it has forgotten; the store has not, and makes a void of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_becomes_a_void_is_taken_back() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    people[0].ask(json!({"type": "leave", "id": 1, "group": group.as_str()}), "ok").await;
    people.remove(0).session.end().await;
    scene.not_a_member(&group, "user-0").await;
    scene.forget_cids().await;
    let creator = UserId::parse("user-0").unwrap();
    let again = ChangeRequest {
        group: group.clone(),
        actor: creator.clone(),
        kind: Kind::Joined,
        role: Role::Admin,
        users: vec![creator],
        permission: Permission::Hub,
        max_members: 100,
        cid: Cid::of_hub("create.admin"),
    };
    let taken = scene.backplane.change_members(0, &NodeName::parse("a.1").unwrap(), &again).await.unwrap();
    assert!(matches!(taken, ChangeOutcome::Accepted { .. }), "{taken:?}");
    scene.not_a_member(&group, "user-0").await;
    scene.agree(&mut people, &group).await;
}

/// The store is slow and Redis empty: many who need the same group do not restore it one by one.
#[tokio::test(flavor = "multi_thread")]
async fn many_who_wait_for_a_restore_share_it() {
    const MANY: usize = 20;
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    people.remove(2).session.end().await;
    scene.route_left(2, &group).await;
    let gates = &scene.nodes[2].gates;
    let (joins, restores) = (gates.calls("join_routes"), gates.calls("restore"));
    let slow = gates.hold(Side::Before, "restore");
    scene.empty_redis().await;
    let hellos: Vec<_> = (0..MANY)
        .map(|_| {
            let hub = scene.nodes[2].hub.clone();
            tokio::spawn(async move { Client::hello(&hub, "user-2").await.0 })
        })
        .collect();
    slow.reached().await;
    eventually("all ask for the group", async || match gates.calls("join_routes") - joins {
        MANY.. => Ok(()),
        some => Err(format!("{some} do")),
    })
    .await;
    slow.release();
    for hello in hellos {
        people.push(hello.await.expect("the hello is answered"));
    }
    let restores = gates.calls("restore") - restores;
    assert!(restores <= MANY / 3, "restored {restores} times");
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_master_of_a_cluster_comes_back_empty() {
    let mut cluster = RedisCluster::start().await;
    let space = shared::RedisSpace { url: cluster.url(), prefix: "hubbub:".into() };
    let scene = TestCluster::over(space, 3, |config| config.send_timeout = Duration::from_secs(5)).await;
    let (mut people, group) = scene.people().await;
    for (master, cid) in [(0, "one"), (1, "two"), (2, "three")] {
        let stopped = scene.nodes[FIRST].gates.hold(Side::Before, "commit");
        send(&mut people[0], &group, cid).await;
        stopped.reached().await;
        cluster.master(master).restart_without_data().await;
        cluster.wait_until_ok().await;
        stopped.release();
        repeat_until_acked(&mut people[0], &group, cid).await;
    }
    scene.agree(&mut people, &group).await;
}

/// One of three masters stands still for a while. Who sends to groups of the others gets acks all the time.
#[tokio::test(flavor = "multi_thread")]
async fn one_master_of_a_cluster_falls_silent() {
    const PARTITIONS: u16 = 8;
    let options = RedisOptions::default().argument("--cluster-require-full-coverage", "no");
    let mut cluster = RedisCluster::start_with(&options).await;
    let space = shared::RedisSpace { url: cluster.url(), prefix: "hubbub:".into() };
    let scene = TestCluster::over(space, 1, |config| config.partitions = PARTITIONS).await;
    let mut anna = scene.join(0, "anna").await;
    let master_of = |partition: u16| RedisCluster::master_of(&format!("p{partition:02}"));
    // Not the one with the nodes' leases: whether nodes live must be known.
    let leases = RedisCluster::master_of("hub");
    let silent = (0..PARTITIONS).map(master_of).find(|master| *master != leases).expect("partitions are spread");
    let (mut there, mut elsewhere) = (None, None);
    while there.is_none() || elsewhere.is_none() {
        let group = GroupId::parse(&make_group(&mut anna, &[]).await).unwrap();
        let of_silent = master_of(group.partition(PARTITIONS)) == silent;
        (if of_silent { &mut there } else { &mut elsewhere }).get_or_insert(group);
    }
    let (there, elsewhere) = (there.unwrap(), elsewhere.unwrap());
    cluster.master(silent).process().pause();
    let (begun, mut slowest) = (Instant::now(), (Duration::ZERO, Duration::ZERO));
    for message in 0.. {
        let cid = format!("message {message}");
        let sent = Instant::now();
        send(&mut anna, &elsewhere, &cid).await;
        let answer = anna.next_of(&["ack", "error"]).await;
        assert_eq!((&answer["type"], &answer["cid"]), (&json!("ack"), &json!(cid)), "{answer}");
        slowest = slowest.max((sent.elapsed(), begun.elapsed()));
        if begun.elapsed() > SILENT_FOR {
            break;
        }
    }
    cluster.master(silent).process().resume();
    let (took, at) = slowest;
    assert!(took < SILENT_FOR / 4, "a send took {took:?}, acked after {at:?}");
    repeat_until_acked(&mut anna, &there, "back").await;
}
