//! What is planned for later.

use std::sync::atomic::Ordering::Relaxed;

use super::{Scene, pass, recorder};
use crate::domain::{GroupId, Millis};
use crate::hub::testing::until;
use crate::ports::{Due, DueStore};

fn due(group: &GroupId, window: u64, at: Millis) -> Due {
    Due { follower: "recorder".into(), group: group.clone(), window, at, seq: 0 }
}

#[tokio::test(start_paused = true)]
async fn what_is_due_is_done_once_and_what_fails_when_its_claim_has_ended() {
    let (scene, recorder) = (Scene::new(), recorder());
    let [good, bad] = std::array::from_fn(|_| scene.group());
    let all: Vec<_> =
        (0..250).map(|window| due(&good, window, 5)).chain([due(&bad, 0, 5), due(&good, 999, 90_000)]).collect();
    scene.ledger.plan(&all).await.unwrap();
    recorder.unable.lock().insert(bad.clone());
    scene.ledger.now.store(4, Relaxed);
    scene.follow(std::slice::from_ref(&recorder));
    pass(5).await;
    assert_eq!(recorder.done.lock().len(), 0);
    scene.ledger.now.store(10, Relaxed);
    until(|| recorder.done.lock().len() == 250).await;
    pass(5).await;
    assert_eq!((recorder.done.lock().len(), scene.ledger.due.lock().len()), (250, 2));
    recorder.unable.lock().clear();
    pass(5).await;
    assert_eq!(recorder.done.lock().len(), 250, "its claim lasts");
    scene.ledger.now.store(70_000, Relaxed);
    until(|| recorder.done.lock().len() == 251).await;
    scene.ledger.now.store(90_000, Relaxed);
    until(|| scene.ledger.due.lock().is_empty()).await;
    assert_eq!(scene.metric("hubbub_follower_due_done_total"), 252.0);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_does_is_told() {
    let (scene, recorder) = (Scene::new(), recorder());
    let id = scene.group();
    scene.ledger.plan(&[due(&id, 0, 1_000)]).await.unwrap();
    scene.ledger.due.lock()[0].0.follower = "other".into();
    scene.ledger.now.store(31_000, Relaxed);
    scene.follow(std::slice::from_ref(&recorder));
    pass(20).await;
    assert_eq!(scene.metric("hubbub_follower_due_overdue"), 0.0);
    assert_eq!(scene.ledger.overdue("other").await.unwrap().0, 1);
}
