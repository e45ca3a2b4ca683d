//! Clearing away what a dead node left.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{GroupId, NodeName, UserId};
use hubbub::ports::{Backplane, InboxPosition};

use super::sample::*;
use super::{PARTITIONS, World};
use crate::support::eventually;

const BRIEF: Duration = Duration::from_millis(100);

/// Users online through the node that dies; one of them twice.
const ONLINE: [&str; 4] = ["anna", "bert", "cleo", "anna"];

/// A node that has registered all there is.
async fn inhabit(backplane: &dyn Backplane, name: &str, lease: Duration) -> Vec<(u16, GroupId)> {
    let node = node(name);
    backplane.open_inbox(&node).await.unwrap();
    for user in ONLINE {
        let (user, record) = session(user, name);
        backplane.register(&user, &record).await.unwrap();
    }
    let mut groups = Vec::new();
    for partition in 0..PARTITIONS {
        let some: Vec<GroupId> = (0..3).map(|_| GroupId::random()).collect();
        backplane.join_routes(partition, &some, &node, 1).await.unwrap();
        groups.extend(some.into_iter().map(|group| (partition, group)));
    }
    backplane.beat(&record(name), lease).await.unwrap();
    groups
}

/// Waits until the node's lease is over.
async fn bury(backplane: &dyn Backplane, dead: &NodeName) {
    eventually("the node is dead", async || {
        let beat = backplane.beat(&record("b.1"), LONG).await.unwrap();
        if beat.dead.contains(dead) { Ok(()) } else { Err(format!("{beat:?}")) }
    })
    .await;
}

async fn assert_gone(backplane: &dyn Backplane, dead: &NodeName, groups: &[(u16, GroupId)]) {
    for (partition, group) in groups {
        assert_eq!(backplane.routes(*partition, group).await.unwrap(), []);
    }
    for found in backplane.whereabouts(&users(&ONLINE)).await.unwrap() {
        assert!(found.sessions.is_empty() && found.last_seen > 0, "{found:?}");
    }
    let beat = backplane.beat(&record("b.1"), LONG).await.unwrap();
    assert!(beat.dead.is_empty(), "{beat:?}");
    assert!(beat.live.iter().all(|node| node.node != *dead), "{beat:?}");
}

fn once_each(users: Vec<UserId>) -> Vec<String> {
    sorted(users.iter().map(|user| user.to_string()).collect())
}

pub async fn nothing_of_a_dead_node_stays<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b) = (world.node().await, world.node().await);
    let dead = node("a.1");
    let groups = inhabit(&*a, "a.1", BRIEF).await;
    bury(&*b, &dead).await;
    let users = b.reap(&dead, PARTITIONS).await.unwrap();
    assert_eq!(once_each(users), ["anna", "bert", "cleo"]);
    assert_gone(&*b, &dead, &groups).await;
    b.post(&[(dead.clone(), Bytes::from("too late"))]).await.unwrap();
    let read = a.read_inbox(&dead, InboxPosition::default(), SHORT).await.unwrap();
    assert!(read.lossy && read.entries.is_empty(), "{read:?}");
}

pub async fn a_live_node_is_left_alone<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b) = (world.node().await, world.node().await);
    let groups = inhabit(&*a, "a.1", LONG).await;
    assert_eq!(b.reap(&node("a.1"), PARTITIONS).await.unwrap(), []);
    assert_eq!(b.routes(groups[0].0, &groups[0].1).await.unwrap(), [node("a.1")]);
    assert!(a.beat(&record("a.1"), LONG).await.unwrap().renewed);
}

pub async fn a_reaped_life_is_refused<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b) = (world.node().await, world.node().await);
    inhabit(&*a, "a.1", BRIEF).await;
    bury(&*b, &node("a.1")).await;
    b.reap(&node("a.1"), PARTITIONS).await.unwrap();
    for _ in 0..2 {
        let beat = a.beat(&record("a.1"), LONG).await.unwrap();
        assert!(!beat.renewed);
        assert_eq!(beat.live.iter().map(|node| node.node.as_str()).collect::<Vec<_>>(), ["b.1"]);
    }
    assert!(!a.beat(&record("a.2"), LONG).await.unwrap().renewed);
    assert!(a.beat(&record("a.2"), LONG).await.unwrap().renewed);
}

pub async fn reaping_twice_answers_the_same<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b, c) = (world.node().await, world.node().await, world.node().await);
    let groups = inhabit(&*a, "a.1", BRIEF).await;
    bury(&*b, &node("a.1")).await;
    let dead = node("a.1");
    let (one, other) = tokio::join!(b.reap(&dead, PARTITIONS), c.reap(&dead, PARTITIONS));
    let all: Vec<String> = once_each(one.unwrap().into_iter().chain(other.unwrap()).collect());
    assert!(["anna", "bert", "cleo"].iter().all(|name| all.contains(&name.to_string())), "{all:?}");
    assert_gone(&*b, &dead, &groups).await;
    assert_eq!(b.reap(&dead, PARTITIONS).await.unwrap(), []);
}

pub async fn leaving_is_at_once<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b) = (world.node().await, world.node().await);
    let groups = inhabit(&*a, "a.1", LONG).await;
    a.leave(&node("a.1"), PARTITIONS).await.unwrap();
    assert_gone(&*b, &node("a.1"), &groups).await;
    assert!(!a.beat(&record("a.1"), LONG).await.unwrap().renewed);
    a.leave(&node("a.1"), PARTITIONS).await.unwrap();
}

pub async fn other_sessions_of_a_user_stay<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b) = (world.node().await, world.node().await);
    let (anna, elsewhere) = session("anna", "b.1");
    b.register(&anna, &elsewhere).await.unwrap();
    let groups = inhabit(&*a, "a.1", BRIEF).await;
    b.join_routes(groups[0].0, &[groups[0].1.clone()], &node("b.1"), 1).await.unwrap();
    bury(&*b, &node("a.1")).await;
    b.reap(&node("a.1"), PARTITIONS).await.unwrap();
    assert_eq!(b.whereabouts(&[anna]).await.unwrap()[0].sessions, [elsewhere]);
    assert_eq!(b.routes(groups[0].0, &groups[0].1).await.unwrap(), [node("b.1")]);
}

/// A future that is given up after so many polls.
struct GivenUp<F> {
    inner: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for GivenUp<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.inner.as_mut().poll(cx).map(Some)
    }
}

pub async fn an_interrupted_reaping_is_finished_by_another<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let (a, b, c) = (world.node().await, world.node().await, world.node().await);
    for polls in 0..40 {
        let name = format!("a.{}", polls + 1);
        let groups = inhabit(&*a, &name, Duration::from_millis(1)).await;
        let dead = node(&name);
        bury(&*b, &dead).await;
        let interrupted = GivenUp { inner: Box::pin(reap(c.clone(), dead.clone())), polls };
        if pin!(interrupted).await.is_some() {
            assert!(polls > 0);
            assert_gone(&*b, &dead, &groups).await;
            return;
        }
        let users = b.reap(&dead, PARTITIONS).await.unwrap();
        // When it was given up after the very last step, nothing was left to answer.
        let finished = users.is_empty() && a.beat(&record("b.1"), LONG).await.unwrap().dead.is_empty();
        assert!(finished || once_each(users.clone()) == ["anna", "bert", "cleo"], "{polls}: {users:?}");
        assert_gone(&*b, &dead, &groups).await;
    }
}

async fn reap(backplane: Arc<dyn Backplane>, dead: NodeName) {
    backplane.reap(&dead, PARTITIONS).await.unwrap();
}
