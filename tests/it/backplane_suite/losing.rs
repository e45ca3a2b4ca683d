//! The backplane may lose all that it holds, at any moment. Then nothing is known; never is
//! anything 0.

use bytes::Bytes;
use hubbub::domain::NodeName;
use hubbub::ports::{Appended, ChangeOutcome, CommitError, GroupSnapshot, Joined, LogStats, Reseq};

use super::World;
use super::sample::*;

pub async fn groups_are_unknown_again<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    scene.commit_upto(1..=1).await;
    scene.world.lose_everything().await;
    assert_eq!(scene.append(&[text(&scene.group, "anna", "2")]).await, [Appended::Unknown]);
    assert_eq!(scene.change(&add(&scene.group, "anna", &["cleo"])).await, ChangeOutcome::Unknown);
    assert_eq!(scene.head(&scene.group).await, None);
    assert_eq!(scene.backplane.roles(scene.partition, &scene.group, &users(&["anna"])).await.unwrap(), None);
    assert_eq!(scene.backplane.recent(scene.partition, &scene.group, 0).await.unwrap(), []);
    let joined = scene.backplane.join_routes(scene.partition, &[scene.group.clone()], &node("a.1"), 1).await.unwrap();
    assert_eq!(joined, [Joined::default()]);
    scene
        .backplane
        .restore(scene.partition, &scene.origin, &GroupSnapshot { head: head(1, 1), ..floor(&scene.group) })
        .await
        .unwrap();
    // The cid of what was stored is forgotten here: the store finds it.
    assert_eq!(scene.say("1").await, 2);
}

pub async fn leases_are_lost<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let entry = scene.read_all(1).await.remove(0);
    scene.world.lose_everything().await;
    let lost = scene.commit(&[entry.id], vec![group_commit(&scene.group, 1..=1)]).await;
    assert!(matches!(lost, Err(CommitError::LeaseLost)), "{lost:?}");
    let reseq =
        Reseq { partition: scene.partition, token: scene.token.clone(), entry: entry.clone(), floor: head(1, 1) };
    let lost = scene.backplane.reseq(&reseq).await;
    assert!(matches!(lost, Err(CommitError::LeaseLost)), "{lost:?}");
    for partition in [0, 1] {
        assert_eq!(scene.backplane.partition_owner(partition).await.unwrap(), None);
    }
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap(), LogStats::default());
    // Held again, the late commit does no harm, and makes nothing up.
    scene.hold().await;
    scene.commit(&[entry.id], vec![group_commit(&scene.group, 1..=1)]).await.unwrap();
    scene.backplane.reseq(&reseq).await.unwrap();
    assert_eq!(scene.head(&scene.group).await, None);
    assert!(scene.read(SHORT).await.is_empty());
}

pub async fn nodes_are_told<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.backplane.beat(&record("a.1"), LONG).await.unwrap();
    let before = scene.backplane.beat(&record("a.1"), LONG).await.unwrap();
    let (anna, here) = session("anna", "a.1");
    scene.backplane.register(&anna, &here).await.unwrap();
    scene.backplane.put_ticket("t", "x", LONG).await.unwrap();
    scene.world.lose_everything().await;
    let beat = scene.backplane.beat(&record("a.1"), LONG).await.unwrap();
    assert!(before.renewed && !beat.renewed);
    assert_eq!((beat.live.len(), beat.dead.len()), (1, 0));
    assert!(beat.uptime < LONG.as_millis() as u64);
    assert!(scene.backplane.beat(&record("a.1"), LONG).await.unwrap().renewed);
    assert!(scene.backplane.whereabouts(&[anna.clone()]).await.unwrap()[0].sessions.is_empty());
    assert_eq!(scene.backplane.take_ticket("t").await.unwrap(), None);
    assert_eq!(scene.backplane.register(&anna, &here).await.unwrap().others, []);
}

pub async fn a_reader_of_logs_carries_on<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    assert_eq!(scene.read_all(1).await.len(), 1);
    let origin = scene.origin.clone();
    let mut reading = std::pin::pin!(read_some(&scene));
    assert!(tokio::time::timeout(SHORT, &mut reading).await.is_err(), "there was nothing to read");
    let lost_and_found = async {
        scene.world.lose_everything().await;
        scene.know(&scene.group).await;
        let answers = scene.backplane.append(scene.partition, &origin, &[text(&scene.group, "anna", "2")]).await;
        assert_eq!(accepted(&answers.unwrap()), [1]);
    };
    let (entries, ()) = tokio::join!(reading, lost_and_found);
    assert_eq!(entries, ["2"]);
}

/// Reads as the owner does: again and again until something comes.
async fn read_some<W: World>(scene: &TestCluster<W>) -> Vec<String> {
    for _ in 0..50 {
        let entries = scene.read(4 * SHORT).await;
        if !entries.is_empty() {
            return entries.iter().map(|entry| entry.cid.to_string()).collect();
        }
    }
    panic!("nothing came")
}

pub async fn moves_are_not_known<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.commit_upto(1..=1).await;
    let (before, _) = scene.backplane.moved_since(scene.partition, 0).await.unwrap();
    scene.world.lose_everything().await;
    assert_eq!(scene.backplane.moved_since(scene.partition, before).await.unwrap().1, None);
    scene.hold().await;
    scene.know(&scene.group).await;
    for seq in 1..=3 {
        scene.commit_upto(seq..=seq).await;
    }
    let (after, moved) = scene.backplane.moved_since(scene.partition, before).await.unwrap();
    assert_eq!(moved, None, "{before} is of the time before the loss");
    assert!(after > before);
}

pub async fn versions_and_numbers_still_grow<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let (anna, here) = session("anna", "a.1");
    let before = scene.backplane.register(&anna, &here).await.unwrap().version;
    scene.world.lose_everything().await;
    let after = scene.backplane.register(&anna, &here).await.unwrap().version;
    assert!(after > before, "{after} after {before}");
    scene.world.lose_everything().await;
    assert!(scene.backplane.unregister(&anna, &here).await.unwrap().version > after);
}

pub async fn a_claim_finds_nothing<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    scene.read_all(1).await;
    scene.world.lose_everything().await;
    assert!(scene.backplane.claim(&scene.owner, scene.partition).await.unwrap().entries.is_empty());
    let name: NodeName = node("a.1");
    scene.backplane.post(&[(name.clone(), Bytes::from("x"))]).await.unwrap();
    assert_eq!(scene.backplane.reap(&name, super::PARTITIONS).await.unwrap(), []);
    scene.backplane.leave(&name, super::PARTITIONS).await.unwrap();
}
