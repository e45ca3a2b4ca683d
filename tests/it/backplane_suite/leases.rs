//! Which nodes live, and who holds which partition.

use std::time::Duration;

use hubbub::adapters::BackplaneLimits;
use hubbub::ports::{Knows, LeaseToken, NodeRecord, NodeRole, NodeVitals};

use super::World;
use super::sample::*;
use crate::support::eventually;

/// Ends within a test.
const BRIEF: Duration = Duration::from_millis(150);

fn names(records: &[NodeRecord]) -> Vec<&str> {
    sorted(records.iter().map(|record| record.node.as_str()).collect())
}

pub async fn a_beat_keeps_a_node_alive<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b) = (world.node().await, world.node().await);
    let first = a.beat(&record("a.1"), LONG).await.unwrap();
    assert!(!first.renewed);
    assert_eq!(names(&first.live), ["a.1"]);
    assert!(!b.beat(&record("b.1"), LONG).await.unwrap().renewed);
    let second = a.beat(&record("a.1"), LONG).await.unwrap();
    assert!(second.renewed && second.dead.is_empty(), "{second:?}");
    assert_eq!(names(&second.live), ["a.1", "b.1"]);
    eventually("time passes", async || {
        let beat = a.beat(&record("a.1"), LONG).await.unwrap();
        if beat.uptime > second.uptime { Ok(()) } else { Err(format!("{beat:?}")) }
    })
    .await;
}

pub async fn a_lease_ends<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b) = (world.node().await, world.node().await);
    a.beat(&record("a.1"), BRIEF).await.unwrap();
    let seen = eventually("a's lease is over", async || {
        let beat = b.beat(&record("b.1"), LONG).await.unwrap();
        if beat.dead.is_empty() { Err(format!("{beat:?}")) } else { Ok(beat) }
    })
    .await;
    assert_eq!(seen.dead, [node("a.1")]);
    assert_eq!(names(&seen.live), ["b.1"]);
    // A paused holder wakes before it is reaped: told that it was away, and taken in again.
    let woken = a.beat(&record("a.1"), LONG).await.unwrap();
    assert!(!woken.renewed);
    assert_eq!((names(&woken.live), woken.dead.len()), (vec!["a.1", "b.1"], 0));
    assert!(a.beat(&record("a.1"), LONG).await.unwrap().renewed);
}

pub async fn records_are_seen_as_told<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let backplane = world.node().await;
    let told = NodeRecord {
        public_url: None,
        zone: Some("zone {1}".into()),
        connections: 99,
        draining: true,
        roles: [NodeRole::Owner].into_iter().collect(),
        vitals: NodeVitals { users: 7, faults: [("void".into(), 1)].into(), latency: vec![0, 1], ..Default::default() },
        knows: Knows { kinds: [("pinned".into(), 2)].into(), forms: 3, roles: ["followers".into()].into() },
        passes: [5, 7].into(),
        followers: Some(["journal".into()].into()),
        ..record("a.1")
    };
    backplane.beat(&record("a.1"), LONG).await.unwrap();
    assert_eq!(backplane.beat(&told, LONG).await.unwrap().live, [told]);
}

pub async fn epochs_grow<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let nodes = [world.node().await, world.node().await];
    assert_eq!(nodes[0].next_epoch("a", 1).await.unwrap(), 1);
    assert_eq!(nodes[1].next_epoch("a", 1).await.unwrap(), 2);
    assert_eq!(nodes[0].next_epoch("b", 5).await.unwrap(), 5);
    assert_eq!(nodes[0].next_epoch("a", 1_700_000_000).await.unwrap(), 1_700_000_000);
    assert_eq!(nodes[1].next_epoch("a", 7).await.unwrap(), 1_700_000_001);
    let many = futures::future::try_join_all((0..20).map(|at| nodes[at % 2].next_epoch("c", 1))).await.unwrap();
    assert!(sorted(many).into_iter().eq(1..=20));
}

pub async fn one_holds_a_partition<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let nodes = [world.node().await, world.node().await];
    let takers = (0..8).map(|at| {
        let (backplane, name) = (nodes[at % 2].clone(), node(&format!("n.{at}")));
        async move {
            let token = LeaseToken(format!("token {at}"));
            let held = backplane.hold_partition(3, &name, &token, LONG).await.unwrap();
            held.then_some((name, token))
        }
    });
    let holders: Vec<_> = futures::future::join_all(takers).await.into_iter().flatten().collect();
    let [(holder, token)] = holders.as_slice() else { panic!("{holders:?}") };
    assert!(nodes[0].hold_partition(3, holder, token, LONG).await.unwrap());
    for partition in 0..super::PARTITIONS {
        let owner = nodes[1].partition_owner(partition).await.unwrap();
        assert_eq!(owner.as_ref(), (partition == 3).then_some(holder));
    }
    // The same node with another token is another owner.
    assert!(!nodes[0].hold_partition(3, holder, &LeaseToken("another".into()), LONG).await.unwrap());
}

pub async fn a_partition_is_free_after_its_lease<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let backplane = world.node().await;
    let (paused, other) = (LeaseToken("of the paused one".into()), LeaseToken("of the other".into()));
    assert!(backplane.hold_partition(0, &node("a.1"), &paused, BRIEF).await.unwrap());
    eventually("the lease is over", async || {
        let held = backplane.hold_partition(0, &node("b.1"), &other, LONG).await.unwrap();
        if held { Ok(()) } else { Err("still held") }
    })
    .await;
    assert!(!backplane.hold_partition(0, &node("a.1"), &paused, LONG).await.unwrap());
    assert_eq!(backplane.partition_owner(0).await.unwrap(), Some(node("b.1")));
}

pub async fn only_the_holder_releases<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let backplane = world.node().await;
    let (mine, other) = (LeaseToken("mine".into()), LeaseToken("other".into()));
    assert!(backplane.hold_partition(0, &node("a.1"), &mine, LONG).await.unwrap());
    backplane.release_partition(0, &other).await.unwrap();
    assert!(!backplane.hold_partition(0, &node("b.1"), &other, LONG).await.unwrap());
    backplane.release_partition(0, &mine).await.unwrap();
    backplane.release_partition(0, &mine).await.unwrap();
    assert_eq!(backplane.partition_owner(0).await.unwrap(), None);
    assert!(backplane.hold_partition(0, &node("b.1"), &other, LONG).await.unwrap());
}

pub async fn one_works_for_a_follower_on_a_partition<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let nodes = [world.node().await, world.node().await];
    let hold = async |at: usize, partition, follower: &str, token: &LeaseToken| {
        let name = node(&format!("n.{at}"));
        nodes[at % 2].hold_follower(partition, follower, &name, token, LONG).await.unwrap()
    };
    let takers = (0..8).map(|at| async move {
        let token = LeaseToken(format!("token {at}"));
        hold(at, 3, "search", &token).await.then_some((at, token))
    });
    let holders: Vec<_> = futures::future::join_all(takers).await.into_iter().flatten().collect();
    let [(at, token)] = holders.as_slice() else { panic!("{holders:?}") };
    let other = LeaseToken("another".into());
    assert!(hold(*at, 3, "search", token).await);
    assert!(!hold(*at, 3, "search", &other).await, "with another token it is another");
    // Of another partition, of another follower, and of its owner there are leases by themselves.
    assert!(hold(*at, 2, "search", &other).await && hold(*at, 3, "push", &other).await);
    assert!(nodes[0].hold_partition(3, &node("o.1"), &other, LONG).await.unwrap());
    nodes[0].release_follower(3, "search", &other).await.unwrap();
    nodes[0].release_follower(3, "push", token).await.unwrap();
    assert!(!hold(0, 3, "search", &other).await && !hold(0, 3, "push", token).await);
    for _ in 0..2 {
        nodes[1].release_follower(3, "search", token).await.unwrap();
    }
    assert!(hold(0, 3, "search", &other).await);
    world.lose_everything().await;
    assert!(hold(1, 3, "search", token).await);
}

pub async fn a_followers_lease_ends<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let backplane = world.node().await;
    let (paused, other) = (LeaseToken("of the paused one".into()), LeaseToken("of the other".into()));
    assert!(backplane.hold_follower(0, "search", &node("a.1"), &paused, BRIEF).await.unwrap());
    eventually("the lease is over", async || {
        let held = backplane.hold_follower(0, "search", &node("b.1"), &other, LONG).await.unwrap();
        if held { Ok(()) } else { Err("still held") }
    })
    .await;
    assert!(!backplane.hold_follower(0, "search", &node("a.1"), &paused, LONG).await.unwrap());
    // What the paused one gives back is not its own any more.
    backplane.release_follower(0, "search", &paused).await.unwrap();
    assert!(!backplane.hold_follower(0, "search", &node("a.1"), &paused, LONG).await.unwrap());
}

pub async fn it_can_be_checked_and_pinged<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let backplane = world.node().await;
    backplane.check(super::PARTITIONS).await.unwrap();
    world.node().await.check(super::PARTITIONS).await.unwrap();
    backplane.ping().await.unwrap();
}
