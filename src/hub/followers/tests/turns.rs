//! One worker a (follower, partition), on whichever node is to have it.

use std::sync::Arc;
use std::time::Duration;

use super::{Scene, pass, recorder};
use crate::hub::followers::Follower;
use crate::hub::node::NodeState;
use crate::hub::node::tests::record;
use crate::hub::testing::until;
use crate::ports::NodeRecord;

const PARTITIONS: u16 = 16;

fn running(name: &str) -> NodeRecord {
    NodeRecord { followers: Some(["recorder".to_owned()].into()), ..record(name) }
}

/// Two nodes of a deployment of several partitions.
fn two() -> [Scene; 2] {
    let one = Scene::new();
    let shared = |bed| Scene {
        bed,
        ledger: one.ledger.clone(),
        moves: one.moves.clone(),
        leases: one.leases.clone(),
        registry: prometheus::Registry::new(),
    };
    ["a", "b"].map(|name| {
        let mut scene = shared(crate::hub::testing::Bed::new(crate::hub::testing::MemoryStore::default()));
        scene.bed.node = Arc::new(NodeState::new(name, PARTITIONS));
        scene.bed.node.begin_life(record(&format!("{name}.1")).node);
        scene
    })
}

#[tokio::test(start_paused = true)]
async fn partitions_are_shared_handed_over_and_given_back() {
    let ([a, b], recorder) = (two(), recorder());
    let follower: &dyn Follower = &*recorder;
    let see = |nodes: &[NodeRecord]| [&a, &b].map(|scene| scene.bed.node.saw(nodes.to_vec(), 1));
    see(&[running("a.1")]);
    let (on_a, on_b) = (a.followers(std::slice::from_ref(&recorder)), b.followers(std::slice::from_ref(&recorder)));
    on_a.start();
    until(|| a.leases.counts(follower).get("a") == Some(&16)).await;
    see(&[running("a.1"), running("b.1"), record("old.1")]);
    on_b.start();
    until(|| a.leases.counts(follower).len() == 2).await;
    pass(30).await;
    let counts = a.leases.counts(follower);
    assert!(counts["a"] + counts["b"] == 16 && counts["a"] >= 3 && counts["b"] >= 3, "{counts:?}");
    pass(3).await;
    assert_eq!(a.metric("hubbub_follower_partitions") + b.metric("hubbub_follower_partitions"), 16.0);
    a.bed.node.drain();
    see(&[NodeRecord { draining: true, ..running("a.1") }, running("b.1")]);
    until(|| a.leases.counts(follower).get("b") == Some(&16)).await;
    on_b.release_all().await;
    assert_eq!(a.leases.held.lock().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_store_lets_others_work_until_it_can() {
    let ([a, b], recorder) = (two(), recorder());
    let follower: &dyn Follower = &*recorder;
    for scene in [&a, &b] {
        scene.bed.node.saw(vec![running("a.1"), running("b.1")], 1);
    }
    b.bed.store.be_silent(true);
    let (on_a, on_b) = (a.followers(std::slice::from_ref(&recorder)), b.followers(std::slice::from_ref(&recorder)));
    on_a.start();
    on_b.start();
    until(|| a.leases.counts(follower).get("a") == Some(&16)).await;
    b.bed.store.be_silent(false);
    pass(30).await;
    let counts = a.leases.counts(follower);
    assert!(counts.get("b").is_some_and(|count| *count >= 3), "{counts:?}");
    a.bed.store.be_silent(true);
    pass(60).await;
    assert_eq!(a.leases.counts(follower).get("b"), Some(&16));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_lost_ends_the_work() {
    let (scene, recorder) = (Scene::new(), recorder());
    let id = scene.group();
    scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    // Somebody else has it now.
    let (other, token) = (record("b.1").node, crate::ports::LeaseToken::random());
    scene.leases.held.lock().insert(("recorder".into(), 0), (other, token));
    pass(5).await;
    scene.say(&id, [1]);
    pass(20).await;
    assert_eq!(recorder.seen(&id), [0; 0]);
    scene.leases.held.lock().clear();
    until(|| recorder.seen(&id) == [1]).await;
    // A backplane that does not answer takes it away after the lease's length.
    *scene.leases.silent.lock() = true;
    tokio::time::sleep(Duration::from_secs(12)).await;
    scene.say(&id, [2]);
    pass(5).await;
    assert_eq!(recorder.seen(&id), [1]);
    // It has ended at the backplane as well.
    scene.leases.held.lock().clear();
    *scene.leases.silent.lock() = false;
    until(|| recorder.seen(&id) == [1, 2]).await;
}
