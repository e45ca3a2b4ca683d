//! Where no number can say which groups moved, all are compared.

use std::sync::Arc;

use super::{FIRST, Recorder, Scene, pass, recorder};
use crate::domain::GroupId;
use crate::hub::followers::Begins;
use crate::hub::followers::assignment::PENDING;
use crate::hub::testing::{head, text, until};
use crate::ports::Done;

fn compared(scene: &Scene, reason: &str) -> f64 {
    let families = scene.registry.gather();
    let compared = families.iter().find(|family| family.name() == "hubbub_follower_comparisons_total").unwrap();
    let of = compared.get_metric().iter().find(|metric| metric.get_label()[0].value() == reason).unwrap();
    of.get_counter().get_value()
}

#[tokio::test(start_paused = true)]
async fn a_new_follower_works_on_all_that_is_stored() {
    let (scene, recorder) = (Scene::new(), recorder());
    let groups: [GroupId; 30] = std::array::from_fn(|_| scene.group());
    groups.iter().for_each(|group| scene.say(group, 1..=4));
    // Documents of earlier versions say nothing of heads.
    scene.raise(&groups[7], 0);
    scene.moves.lose(FIRST);
    scene.follow(std::slice::from_ref(&recorder));
    until(|| groups.iter().all(|group| recorder.seen(group) == [1, 2, 3, 4])).await;
    assert_eq!(scene.ledger.covered_by("recorder"), None, "a head may not have been raised");
    pass(10).await;
    assert_eq!(scene.ledger.covered_by("recorder"), Some(FIRST));
}

#[tokio::test(start_paused = true)]
async fn one_that_begins_now_takes_what_is_there_as_done() {
    let scene = Scene::new();
    let recorder = Arc::new(Recorder::new("recorder", Begins::Now));
    let [there, silent] = std::array::from_fn(|_| scene.group());
    scene.say(&there, 1..=4);
    scene.follow(std::slice::from_ref(&recorder));
    until(|| recorder.begun.lock().len() == 2).await;
    pass(4).await;
    assert_eq!(scene.ledger.done_by("recorder", &there), Done { seq: 4, first: 1 });
    scene.say(&there, [5]);
    let new = scene.group();
    scene.say(&new, [1, 2]);
    scene.say(&silent, [1]);
    until(|| recorder.seen(&new) == [1, 2] && recorder.seen(&silent) == [1]).await;
    assert_eq!(recorder.seen(&there), [5]);
    scene.bed.tasks.stop().await;

    // With other settings it begins anew.
    let mut anew = Recorder::new("recorder", Begins::Now);
    anew.edition = "other";
    let (scene, anew) = (scene.again("a.2"), Arc::new(anew));
    scene.follow(std::slice::from_ref(&anew));
    until(|| anew.begun.lock().len() == 3).await;
    pass(20).await;
    scene.say(&there, [6]);
    until(|| anew.seen(&there) == [6]).await;
    assert!(scene.ledger.covered_by("recorder@other").is_some());
}

#[tokio::test(start_paused = true)]
async fn when_the_backplane_is_emptied_nothing_is_missed() {
    let (scene, recorder) = (Scene::new(), recorder());
    let [told, untold, crashed] = std::array::from_fn(|_| scene.group());
    scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    scene.say(&told, [1]);
    until(|| recorder.seen(&told) == [1]).await;
    // Stored, and its head raised; and stored alone, by who died right then.
    scene.say(&untold, 1..=3);
    scene.bed.store.put([text(&crashed, 1, "anna")]);
    scene.moves.lose(9 * FIRST);
    scene.say(&told, [2]);
    until(|| recorder.seen(&told) == [1, 2]).await;
    until(|| recorder.seen(&untold) == [1, 2, 3] && recorder.seen(&crashed) == [1]).await;
    pass(10).await;
    assert_eq!(scene.ledger.covered_by("recorder"), Some(9 * FIRST + 1));
    assert!(compared(&scene, "lost") >= 1.0);
    // Numbers of a past that is behind: those that were asked for are not there.
    scene.say(&untold, [4]);
    scene.moves.lose(3);
    until(|| recorder.seen(&untold).ends_with(&[4])).await;
}

#[tokio::test(start_paused = true)]
async fn where_there_are_no_numbers_nothing_is_compared_again_and_again() {
    let (scene, recorder) = (Scene::new(), recorder());
    let id = scene.group();
    scene.moves.lose(0);
    scene.follow(std::slice::from_ref(&recorder));
    pass(600).await;
    let total = || scene.metric("hubbub_follower_comparisons_total");
    let before = total();
    assert!(before <= 4.0, "{before}");
    pass(600).await;
    assert_eq!(total(), before);
    scene.say(&id, [1]);
    until(|| recorder.seen(&id) == [1]).await;
}

#[tokio::test(start_paused = true)]
async fn when_too_many_groups_move_all_are_compared() {
    let (scene, recorder) = (Scene::new(), recorder());
    let groups: Vec<_> = (0..PENDING + 100).map(|_| scene.group()).collect();
    scene.follow(std::slice::from_ref(&recorder));
    pass(30).await;
    groups.iter().for_each(|group| scene.say(group, [1]));
    pass(60).await;
    assert!(groups.iter().all(|group| recorder.seen(group) == [1]));
    assert!(compared(&scene, "overflow") >= 1.0);
    assert_eq!(scene.ledger.covered_by("recorder"), Some(FIRST + groups.len() as u64));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_stuck_holds_up_no_comparison_of_another() {
    let (scene, stuck) = (Scene::new(), recorder());
    let other = Arc::new(Recorder::new("other", Begins::Everything));
    let groups: Vec<_> = (0..PENDING + 100).map(|_| scene.group()).collect();
    groups.iter().for_each(|group| scene.say(group, [1]));
    stuck.unable.lock().extend(groups.iter().cloned());
    scene.follow(&[stuck.clone(), other.clone()]);
    pass(60).await;
    assert!(groups.iter().all(|group| other.seen(group) == [1]));
    stuck.unable.lock().clear();
    pass(120).await;
    assert!(groups.iter().all(|group| stuck.seen(group).ends_with(&[1])), "and it finds the rest later");
    assert_eq!(scene.ledger.covered_by("recorder"), Some(FIRST + groups.len() as u64));
}

#[tokio::test(start_paused = true)]
async fn a_head_of_the_past_has_groups_compared() {
    let (scene, recorder) = (Scene::new(), recorder());
    let [id, other] = std::array::from_fn(|_| scene.group());
    scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    scene.say(&id, 1..=5);
    until(|| recorder.seen(&id).len() == 5).await;
    // A backplane that lost its last second tells of neither.
    scene.bed.store.put([text(&other, 1, "anna")]);
    scene.raise(&other, 1);
    scene.moves.note(&id, head(3));
    until(|| recorder.seen(&other) == [1]).await;
    assert!(compared(&scene, "behind") >= 1.0);
}

#[tokio::test(start_paused = true)]
async fn once_a_day_the_newest_events_themselves_are_looked_at() {
    let (scene, recorder) = (Scene::new(), recorder());
    let id = scene.group();
    scene.follow(std::slice::from_ref(&recorder));
    pass(60).await;
    scene.bed.store.put([text(&id, 1, "anna")]);
    pass(1_800).await;
    assert_eq!(recorder.seen(&id), [0; 0]);
    pass(3_600).await;
    assert_eq!(recorder.seen(&id), [1]);
    scene.bed.store.put([text(&id, 2, "anna")]);
    pass(86_400).await;
    assert_eq!(recorder.seen(&id), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_waited_for() {
    let (scene, recorder) = (Scene::new(), recorder());
    let id = scene.group();
    scene.say(&id, [1]);
    scene.ledger.be_silent(true);
    scene.follow(std::slice::from_ref(&recorder));
    pass(60).await;
    assert_eq!(recorder.seen(&id), [0; 0]);
    scene.ledger.be_silent(false);
    pass(20).await;
    assert_eq!(recorder.seen(&id), [1]);
    scene.ledger.be_silent(true);
    scene.say(&id, [2]);
    pass(20).await;
    scene.ledger.be_silent(false);
    until(|| recorder.seen(&id) == [1, 2]).await;
}
