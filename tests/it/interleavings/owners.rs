//! An owner is stopped, or misled, between any two of its steps.

use hubbub::domain::{Cid, GroupId, Kind, NodeName, Traits, UserId};
use hubbub::ports::{Append, Appended, Standing};
use serde_json::json;

use super::gated::FULL;
use super::gates::Side;
use super::test_cluster::{FIRST, TestCluster, repeat_until_acked, send};
use crate::people::make_group;
use crate::support::eventually;

/// The owner stands still at a call while a message is on its way; another takes over; the message
/// reaches everybody once; the old owner goes on where it stood and does no harm.
async fn an_owner_stops(side: Side, call: &'static str) {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let gates = &scene.nodes[FIRST].gates;
    let stopped = gates.hold(side, call);
    send(&mut people[0], &group, "on its way").await;
    stopped.reached().await;
    gates.freeze();
    stopped.release();
    scene.taken_over_from(FIRST).await;
    repeat_until_acked(&mut people[0], &group, "on its way").await;
    repeat_until_acked(&mut people[2], &group, "meanwhile").await;
    scene.nodes[FIRST].gates.thaw();
    scene.settled_owner().await;
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_its_insert() {
    an_owner_stops(Side::Before, "insert").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_insert_and_before_commit() {
    an_owner_stops(Side::Before, "commit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_commit_and_before_the_inboxes() {
    an_owner_stops(Side::After, "commit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_inboxes_and_before_the_ack() {
    an_owner_stops(Side::Before, "ack").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_read_is_handed_an_entry_after_takeover() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let old = &scene.nodes[FIRST].gates;
    let read = old.hold(Side::Before, "read_log");
    read.reached().await;
    // The node stands still but for this one read, which Redis is answering.
    let answered = old.hold(Side::After, "read_log");
    old.freeze_but("read_log");
    let new = scene.taken_over_from(FIRST).await;
    let idle = scene.nodes[new].gates.hold(Side::Before, "read_log");
    idle.reached().await;
    send(&mut people[0], &group, "swallowed").await;
    read.release();
    answered.reached().await;
    old.freeze();
    answered.release();
    idle.release();
    repeat_until_acked(&mut people[0], &group, "swallowed").await;
    old.thaw();
    scene.settled_owner().await;
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_reached_the_store_and_timed_out() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    scene.nodes[FIRST].gates.fail(Side::After, "insert", 2);
    send(&mut people[0], &group, "slow").await;
    assert_eq!(people[0].next("ack").await["cid"], "slow");
    assert!(scene.nodes[FIRST].gates.all_used());
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_timed_out_and_the_owner_changed() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let gates = &scene.nodes[FIRST].gates;
    gates.fail(Side::After, "insert", 1);
    let again = gates.hold(Side::Before, "insert");
    // The first insert runs into the hold; let it pass and stop the second.
    send(&mut people[0], &group, "slow").await;
    again.reached().await;
    let second = gates.hold(Side::Before, "insert");
    again.release();
    second.reached().await;
    gates.freeze();
    second.release();
    scene.taken_over_from(FIRST).await;
    repeat_until_acked(&mut people[0], &group, "slow").await;
    gates.thaw();
    scene.settled_owner().await;
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_took_place_and_timed_out() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    scene.nodes[FIRST].gates.fail(Side::After, "commit", 2);
    send(&mut people[0], &group, "slow").await;
    assert_eq!(people[0].next("ack").await["cid"], "slow");
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_messages_are_lost() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    // More often than an owner tries.
    scene.nodes[FIRST].gates.fail(Side::Before, "post", 20);
    send(&mut people[0], &group, "unheard").await;
    assert_eq!(people[0].next("ack").await["cid"], "unheard");
    let seen = people[2].texts(1).await;
    assert_eq!(seen[0].1, "unheard");
    people[2].ask(json!({"type": "ping", "id": 1}), "pong").await;
}

/// An owner that is never idle sees to holes as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_seq_is_nobodys_while_others_talk() {
    let scene = TestCluster::open(1).await;
    let (mut people, group) = scene.people().await;
    let mut talker = scene.join(0, "talker").await;
    let elsewhere = GroupId::parse(&make_group(&mut talker, &[]).await).unwrap();
    scene.skip_a_seq(&group).await;
    // Read together with others' entries, so that the owner always has something to do.
    let read = scene.nodes[0].gates.hold(Side::Before, "read_log");
    read.reached().await;
    let before = scene.backplane.log_stats(0).await.unwrap().length;
    send(&mut people[0], &group, "behind a hole").await;
    send(&mut talker, &elsewhere, "talk 0").await;
    eventually("both are in the log", async || {
        let length = scene.backplane.log_stats(0).await.unwrap().length;
        if length >= before + 2 { Ok(()) } else { Err(format!("{length} entries")) }
    })
    .await;
    let talking = tokio::spawn(async move {
        for number in 0.. {
            repeat_until_acked(&mut talker, &elsewhere, &format!("talk {number}")).await;
        }
    });
    read.release();
    assert_eq!(people[0].next("ack").await["cid"], "behind a hole");
    talking.abort();
    scene.agree(&mut people, &group).await;
}

/// A user's document is full: whoever adds them to a group has tried in vain, and nobody else notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_store_never_takes_holds_nobody_up() {
    let scene = TestCluster::open(1).await;
    let (mut people, group) = scene.people().await;
    scene.join(0, FULL).await;
    let gates = &scene.nodes[0].gates;
    gates.refuse("apply_membership of a full user");
    people[0].say(json!({"type": "create", "id": 7, "name": "too many", "members": [FULL]})).await;
    eventually("the change is tried", async || match gates.calls("apply_membership of a full user") {
        0 => Err("not yet"),
        _ => Ok(()),
    })
    .await;
    repeat_until_acked(&mut people[0], &group, "not held up").await;
    scene.agree(&mut people, &group).await;
}

/// An entry of a later version, or a broken one: its successors are stored all the same, and it waits for an owner
/// that can read it.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_cannot_be_read_stays_and_holds_nobody_up() {
    let scene = TestCluster::open(2).await;
    let (mut people, group) = scene.people().await;
    scene.append_unreadable().await;
    repeat_until_acked(&mut people[0], &group, "read after it").await;
    let gates = &scene.nodes[FIRST].gates;
    gates.freeze();
    scene.taken_over_from(FIRST).await;
    repeat_until_acked(&mut people[0], &group, "claimed with it").await;
    gates.thaw();
    scene.settled_owner().await;
    scene.agree(&mut people, &group).await;
    eventually("it alone is pending", async || match scene.backplane.log_stats(0).await {
        Ok(stats) if stats.pending == 1 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}

/// An event whose effect is of a later version: its partition goes to a node that may know it. Where none does, others
/// are not held up, and it waits.
#[tokio::test(flavor = "multi_thread")]
async fn an_effect_of_a_later_version_is_passed_on_and_waits() {
    let scene = TestCluster::open(2).await;
    let (mut people, group) = scene.people().await;
    let later = Append {
        group: group.clone(),
        from: UserId::parse("user-0").unwrap(),
        cid: Cid::parse("later").unwrap(),
        kind: Kind::parse("later").unwrap(),
        traits: Traits { fx: 9, ..Traits::default() },
        body: Default::default(),
        standing: Standing::Member,
    };
    let origin = NodeName::parse("a.1").unwrap();
    let appended = scene.backplane.append(0, &origin, &[later]).await.unwrap();
    assert!(matches!(appended[..], [Appended::Accepted { .. }]), "{appended:?}");
    scene.taken_over_from(FIRST).await;
    // The other one does not know it either, so whose turn it is takes the partition again.
    repeat_until_acked(&mut people[0], &group, "not held up").await;
    eventually("all pass it on", async || {
        let passing = scene.nodes[0].hub.nodes().iter().filter(|node| node.passes.contains(&0)).count();
        if passing == 2 { Ok(()) } else { Err(format!("{passing} do")) }
    })
    .await;
    scene.settled_owner().await;
    scene.agree(&mut people, &group).await;
    eventually("it alone is pending", async || match scene.backplane.log_stats(0).await {
        Ok(stats) if stats.pending == 1 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    assert!(scene.stored(&group).await.iter().all(|event| event.cid.as_str() != "later"), "it is nowhere stored");
}

/// A commit finds the lease gone while it is being renewed: the node that has it again reads on.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_lost_while_it_is_renewed() {
    let scene = TestCluster::open(1).await;
    let (mut people, group) = scene.people().await;
    let gates = &scene.nodes[0].gates;
    let renewal = gates.hold(Side::Before, "hold_partition");
    renewal.reached().await;
    scene.lose_lease().await;
    let commits = gates.calls("commit");
    send(&mut people[0], &group, "without a lease").await;
    eventually("the commit is tried", async || if gates.calls("commit") > commits { Ok(()) } else { Err("not yet") })
        .await;
    // Time for the reader to see that it holds nothing.
    for _ in 0..50 {
        scene.backplane.ping().await.unwrap();
    }
    renewal.release();
    repeat_until_acked(&mut people[0], &group, "without a lease").await;
    scene.agree(&mut people, &group).await;
}
