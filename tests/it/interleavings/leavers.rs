//! An owner that drains hands over what it owns, at once: nobody waits for a lease to end. And a session that
//! ends while its node registers it again leaves nothing behind.

use std::time::{Duration, Instant};

use hubbub::domain::UserId;

use super::gates::Side;
use super::test_cluster::{FIRST, TestCluster, repeat_until_acked};
use crate::support::{eventually, shared};

/// So long that whoever waits for its end, or for the next beat, is seen to wait.
const LEASE: Duration = Duration::from_secs(60);
/// Far below a lease and the time between two beats; far above what a hand-over takes.
const AT_ONCE: Duration = Duration::from_secs(4);

async fn open(nodes: usize) -> TestCluster {
    TestCluster::over(shared::redis().await, nodes, |config| config.node_lease = LEASE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_go_on_while_their_owner_leaves() {
    let scene = open(3).await;
    let (mut people, group) = scene.people().await;
    let leaving = scene.nodes[FIRST].hub.clone();
    let drained = tokio::spawn(async move { leaving.drain().await });
    let mut slowest = Duration::ZERO;
    for message in 0.. {
        let begun = Instant::now();
        repeat_until_acked(&mut people[0], &group, &format!("message {message}")).await;
        slowest = slowest.max(begun.elapsed());
        if drained.is_finished() {
            break;
        }
    }
    assert!(slowest < AT_ONCE, "a send took {slowest:?} while the owner left");
    assert!(scene.owner().await.is_some_and(|owner| owner != FIRST));
    people.remove(FIRST);
    scene.agree(&mut people, &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_node_leaves_nothing_behind_that_the_next_must_wait_for() {
    let scene = open(1).await;
    scene.nodes[0].hub.drain().await;
    assert_eq!(scene.owner().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_another_node_drained() {
    let scene = open(2).await;
    let order = async |node: &str| scene.nodes[0].hub.order_drain(node).await;
    assert!(order("nobody").await.is_err());
    order("b").await.unwrap();
    tokio::time::timeout(AT_ONCE, scene.nodes[1].hub.drain_ordered()).await.expect("it is told at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_while_it_is_registered_again_is_gone() {
    let scene = TestCluster::open(1).await;
    let client = scene.join(0, "anna").await;
    let gates = &scene.nodes[0].gates;
    let (begun, done) = (gates.hold(Side::Before, "register"), gates.hold(Side::After, "register"));
    scene.empty_redis().await;
    begun.reached().await;
    let removed = gates.hold(Side::After, "unregister");
    client.session.end().await;
    removed.reached().await;
    removed.release();
    begun.release();
    done.reached().await;
    let anna = [UserId::parse("anna").unwrap()];
    let sessions = async || scene.backplane.whereabouts(&anna).await.map(|found| found[0].sessions.clone());
    assert_eq!(sessions().await.unwrap().len(), 1, "it was removed first, then registered");
    done.release();
    eventually("nobody is there any more", async || match sessions().await {
        Ok(none) if none.is_empty() => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}
