//! An owner that drains hands over what it owns, at once: nobody waits for a lease to end.

use std::time::{Duration, Instant};

use super::scene::{FIRST, Scene, repeat_until_acked};
use crate::support::shared;

/// So long that whoever waits for its end, or for the next beat, is seen to wait.
const LEASE: Duration = Duration::from_secs(60);
/// Far below a lease and the time between two beats; far above what a hand-over takes.
const AT_ONCE: Duration = Duration::from_secs(4);

async fn open(nodes: usize) -> Scene {
    Scene::over(shared::redis().await, nodes, |config| config.node_lease = LEASE).await
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
