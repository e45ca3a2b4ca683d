//! Beats over fakes.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::sleep;

use super::*;
use crate::domain::GroupId;
use crate::hub::local::SessionHandle;
use crate::hub::node::tests::record;
use crate::hub::testing::{Bed, LEASE, MemoryCluster, MemoryStore, head, metrics, open_session, until, user};

const BEAT: Duration = LEASE.checked_div(8).unwrap();

/// A node that beats, registered as `a.7`.
async fn beating(store: MemoryStore) -> (Bed, Arc<MemoryCluster>) {
    let (bed, cluster) = (Bed::new(store), Arc::<MemoryCluster>::default());
    let life = bed.life(&cluster, &Arc::default());
    life.begin(7_000).await.unwrap();
    let reaper = Arc::new(Reaper::new(cluster.clone(), bed.node.clone(), bed.told.clone(), metrics().cluster));
    let (registration, comparisons, node) = (bed.registration(), bed.comparisons(), bed.node.clone());
    let beats = Beats::new(life, reaper, registration, comparisons, node, metrics().cluster, bed.tasks.clone());
    bed.tasks.spawn(Arc::new(beats).run());
    (bed, cluster)
}

/// Under which names of the node a session is registered, in the order of registering.
fn registered(bed: &Bed, session: &SessionHandle) -> Vec<String> {
    let sessions = bed.registry.sessions.lock();
    sessions.get(&session.user).into_iter().flatten().map(|one| one.node.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_dead_are_cleared_away_once_the_backplane_has_been_there_for_a_lease() {
    let (bed, cluster) = beating(MemoryStore::default()).await;
    cluster.of_dead.lock().push(user("anna"));
    cluster.has_just_come.store(true, Relaxed);
    cluster.dead.lock().push(record("dead.1").node);
    sleep(BEAT * 20).await;
    assert!(bed.told.take().is_empty(), "whoever lives could not say so yet");
    cluster.has_just_come.store(false, Relaxed);
    until(|| bed.told.take().iter().any(|told| told.starts_with("node gone") && told.contains("anna"))).await;
    assert!(cluster.dead.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_comes_is_seen_with_the_next_beat_or_at_once_where_that_is_asked_for() {
    let (bed, cluster) = beating(MemoryStore::default()).await;
    sleep(BEAT / 2).await;
    let count = cluster.beats.lock().len();
    cluster.others.lock().push(record("b.1"));
    sleep(BEAT / 8).await;
    assert_eq!(bed.node.view().nodes.len(), 1);
    bed.node.beat_now();
    sleep(BEAT / 8).await;
    assert_eq!((cluster.beats.lock().len(), bed.node.view().nodes.len()), (count + 1, 2));
    cluster.others.lock().push(record("c.1"));
    until(|| bed.node.view().nodes.len() == 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_is_a_new_life_with_the_old_sessions_which_are_then_looked_at() {
    let id = GroupId::random();
    let (bed, cluster) = beating(MemoryStore::of(&id, &["anna"], [])).await;
    bed.registry.heads.lock().insert(id.clone(), head(0));
    let (anna, _ear) = open_session(&bed.users, "anna");
    cluster.lease_is_lost.store(true, Relaxed);
    until(|| anna.is_in(&id)).await;
    assert_ne!(bed.node.name().as_str(), "a.7");
    assert_eq!(registered(&bed, &anna), [bed.node.name().as_str()]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_backplane_ends_no_life() {
    let (bed, cluster) = beating(MemoryStore::default()).await;
    let (anna, _ear) = open_session(&bed.users, "anna");
    cluster.link.be_silent(true);
    sleep(LEASE * 2).await;
    cluster.link.be_silent(false);
    let count = cluster.beats.lock().len();
    until(|| cluster.beats.lock().len() > count + 2).await;
    assert_eq!((bed.node.name().as_str(), registered(&bed, &anna).len()), ("a.7", 0));
}

#[tokio::test(start_paused = true)]
async fn a_life_that_cannot_begin_is_begun_with_a_later_beat_though_that_finds_a_lease() {
    let (bed, cluster) = beating(MemoryStore::default()).await;
    let (anna, _ear) = open_session(&bed.users, "anna");
    bed.inboxes.be_silent(true);
    cluster.lease_is_lost.store(true, Relaxed);
    sleep(BEAT * 5).await;
    assert_eq!((bed.node.name().as_str(), cluster.lease_is_lost.load(Relaxed)), ("a.7", false));
    bed.inboxes.be_silent(false);
    until(|| !registered(&bed, &anna).is_empty()).await;
    assert_ne!(bed.node.name().as_str(), "a.7");
    let (name, count) = (bed.node.name(), cluster.beats.lock().len());
    until(|| cluster.beats.lock().len() > count + 3).await;
    assert_eq!(bed.node.name(), name, "once");
}
