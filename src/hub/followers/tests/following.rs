//! What moves is worked on: each event once or more, in order, none passed over.

use std::sync::Arc;

use super::{FIRST, Recorder, Scene, pass, recorder};
use crate::domain::{GroupId, Kind};
use crate::hub::followers::{Begins, Follower};
use crate::hub::testing::{MemoryStore, until};
use crate::ports::{Done, MessageStore};

#[tokio::test(start_paused = true)]
async fn events_come_in_order_and_a_later_life_goes_on_where_the_one_before_was() {
    let (scene, recorder) = (Scene::new(), recorder());
    let groups: [GroupId; 20] = std::array::from_fn(|_| scene.group());
    let running = scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    groups.iter().for_each(|group| scene.say(group, 1..=600));
    until(|| groups.iter().all(|group| recorder.seen(group).len() == 600)).await;
    assert!(groups.iter().all(|group| recorder.seen(group).is_sorted()));
    assert_eq!(scene.metric("hubbub_follower_events_total"), 12_000.0);
    pass(4).await;
    assert!(groups.iter().all(|group| scene.ledger.done_by("recorder", group) == Done { seq: 600, first: 0 }));
    assert_eq!(scene.ledger.covered_by("recorder"), Some(FIRST + 12_000));
    running.release_all().await;
    scene.bed.tasks.stop().await;

    let scene = scene.again("a.2");
    scene.say(&groups[3], [601]);
    scene.follow(std::slice::from_ref(&recorder));
    until(|| recorder.seen(&groups[3]).len() == 601).await;
    pass(4).await;
    assert!(groups.iter().filter(|group| **group != groups[3]).all(|group| recorder.seen(group).len() == 600));
    assert_eq!(scene.metric("hubbub_follower_comparisons_total"), 0.0, "the number says which groups moved");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_fails_or_panics_holds_up_no_other_and_nothing_is_covered_beyond_it() {
    let (scene, recorder) = (Scene::new(), recorder());
    let [bad, worse, good] = std::array::from_fn(|_| scene.group());
    scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    let before = scene.ledger.covered_by("recorder").unwrap();
    recorder.unable.lock().insert(bad.clone());
    recorder.panics.lock().insert(worse.clone());
    for group in [&bad, &worse, &good] {
        scene.say(group, 1..=3);
    }
    until(|| recorder.seen(&good).len() == 3).await;
    pass(60).await;
    assert_eq!(scene.ledger.done_by("recorder", &good).seq, 3);
    assert_eq!(scene.ledger.covered_by("recorder"), Some(before));
    assert!(scene.metric("hubbub_follower_failures_total") > 20.0);
    assert_eq!(scene.metric("hubbub_follower_lag_events"), 6.0);
    assert!(scene.metric("hubbub_follower_lag_seconds") > 50.0);
    recorder.unable.lock().clear();
    recorder.panics.lock().clear();
    until(|| recorder.seen(&bad).len() == 3 && recorder.seen(&worse).len() == 3).await;
    pass(4).await;
    assert_eq!(scene.ledger.covered_by("recorder"), Some(FIRST + 9));
    assert_eq!(scene.metric("hubbub_follower_lag_events"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_kept_is_not_noted_as_done() {
    let (scene, recorder) = (Scene::new(), recorder());
    let id = scene.group();
    scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    *recorder.full.lock() = true;
    scene.say(&id, 1..=3);
    pass(10).await;
    assert_eq!((recorder.seen(&id).len(), scene.ledger.done_by("recorder", &id)), (3, Done::default()));
    *recorder.full.lock() = false;
    until(|| scene.ledger.done_by("recorder", &id).seq == 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_hole_is_waited_for_and_becomes_a_void_where_it_stays() {
    let (scene, recorder) = (Scene::new(), recorder());
    let id = scene.group();
    scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    scene.say(&id, [1, 2, 4]);
    pass(3).await;
    assert_eq!(recorder.seen(&id), [1, 2], "what lies above a hole is not worked on");
    until(|| recorder.seen(&id) == [1, 2, 3, 4]).await;
    assert_eq!(scene.bed.store.event(&id, 3).await.unwrap().unwrap().kind, Kind::Void);
    pass(10).await;
    let families = scene.registry.gather();
    let compared = families.iter().find(|family| family.name() == "hubbub_follower_comparisons_total").unwrap();
    let hole = compared.get_metric().iter().find(|metric| metric.get_label()[0].value() == "hole").unwrap();
    assert!(hole.get_counter().get_value() >= 1.0);
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_is_told_and_not_waited_for() {
    let (scene, recorder) = (Scene::new(), recorder());
    let [id, deleted] = std::array::from_fn(|_| scene.group());
    scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    scene.say(&id, 1..=5);
    until(|| recorder.seen(&id).len() == 5).await;
    scene.expire(&id, 4);
    until(|| *recorder.expired.lock() == [(id.clone(), 4)]).await;
    // What was never worked on is gone.
    scene.say(&id, 9..=10);
    scene.expire(&id, 9);
    until(|| recorder.seen(&id).ends_with(&[9, 10])).await;
    assert_eq!(recorder.expired.lock().last(), Some(&(id.clone(), 9)));
    scene.say(&deleted, [1]);
    scene.expire(&deleted, 70);
    until(|| recorder.expired.lock().last() == Some(&(deleted.clone(), 70))).await;
    pass(4).await;
    assert_eq!(scene.ledger.done_by("recorder", &deleted), Done { seq: 69, first: 70 });
    scene.say(&deleted, [70]);
    until(|| recorder.seen(&deleted).ends_with(&[70])).await;
    assert_eq!(recorder.expired.lock().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn followers_of_one_node_ask_once_and_share_their_pages() {
    let (scene, one) = (Scene::new(), recorder());
    let other = Arc::new(Recorder::new("other", Begins::Everything));
    let id = scene.group();
    scene.follow(&[one.clone(), other.clone()]);
    pass(20).await;
    let asked = scene.moves.asked();
    pass(10).await;
    assert!((9..=11).contains(&(scene.moves.asked() - asked)), "once a second for both");
    scene.say(&id, 1..=3);
    let pages = |store: &MemoryStore| store.pages();
    let before = pages(&scene.bed.store);
    until(|| one.seen(&id).len() == 3 && other.seen(&id).len() == 3).await;
    assert_eq!(pages(&scene.bed.store) - before, 1);
    assert_eq!(one.name(), "recorder");
}
