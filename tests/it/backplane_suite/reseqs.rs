//! Entries whose seq is another's in the store get a new one.

use hubbub::domain::{Kind, Role};
use hubbub::ports::{Appended, ChangeRequest, CommitError, GroupSnapshot, LeaseToken, LogEntry, Reseq};

use super::World;
use super::sample::*;

fn reseq<W>(scene: &TestCluster<W>, entry: &LogEntry, floor: (u64, u64)) -> Reseq {
    Reseq {
        partition: scene.partition,
        token: scene.token.clone(),
        entry: entry.clone(),
        floor: head(floor.0, floor.1),
    }
}

pub async fn an_entry_moves_above_the_head<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    scene.say("2").await;
    let entries = scene.read_all(2).await;
    scene.backplane.reseq(&reseq(&scene, &entries[0], (7, 5))).await.unwrap();
    let moved = scene.read_all(1).await.remove(0);
    assert_eq!((moved.seq, moved.n), (8, 6));
    assert!(moved.id > entries[1].id);
    assert_eq!((&moved.cid, &moved.body, &moved.origin), (&entries[0].cid, &entries[0].body, &entries[0].origin));
    assert_eq!((&moved.from, &moved.group, moved.kind), (&entries[0].from, &entries[0].group, Kind::Text));
    assert_eq!(scene.append(&[text(&scene.group, "anna", "1")]).await, [Appended::Seen { seq: 8 }]);
    assert_eq!(scene.say("3").await, 9);
    // The old place is forgotten, the other entry still pending.
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap().pending, 2);
    scene.commit(&[entries[1].id, moved.id], vec![]).await.unwrap();
    assert_eq!(seqs(&scene.read_all(1).await), [9]);
}

pub async fn an_entry_moves_once<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let entry = scene.read_all(1).await.remove(0);
    for _ in 0..3 {
        scene.backplane.reseq(&reseq(&scene, &entry, (4, 4))).await.unwrap();
    }
    assert_eq!(seqs(&scene.read_all(1).await), [5]);
    assert!(scene.read(SHORT).await.is_empty());
    assert_eq!(scene.say("2").await, 6);
}

pub async fn a_send_that_moved_on_is_only_acked<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let entry = scene.read_all(1).await.remove(0);
    // Its sender repeated it after the cid was forgotten.
    scene.backplane.forget_cid(scene.partition, &scene.group, &user("anna"), &cid("1")).await.unwrap();
    assert_eq!(scene.say("1").await, 2);
    scene.backplane.reseq(&reseq(&scene, &entry, (1, 1))).await.unwrap();
    assert_eq!(seqs(&scene.read_all(1).await), [2]);
    assert!(scene.read(SHORT).await.is_empty());
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap().pending, 1);
    assert_eq!(scene.say("2").await, 3);
}

pub async fn a_membership_change_is_applied_again<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.change(&add(&scene.group, "anna", &["cleo"])).await;
    scene.change(&ChangeRequest { kind: Kind::Left, ..add(&scene.group, "anna", &["bert"]) }).await;
    let promote = ChangeRequest { kind: Kind::Role, role: Role::Admin, ..add(&scene.group, "anna", &["cleo"]) };
    scene.change(&promote).await;
    let entries = scene.read_all(3).await;
    // The store knows of other members: what was appended here is not among them.
    let stored = GroupSnapshot {
        head: head(5, 2),
        members: vec![member("anna", Role::Admin), member("bert", Role::Member), member("dora", Role::Member)],
        version: 5,
        ..floor(&scene.group)
    };
    scene.backplane.restore(scene.partition, &scene.origin, &stored).await.unwrap();
    assert_eq!(scene.role("cleo").await, None);
    for entry in &entries {
        scene.backplane.reseq(&reseq(&scene, entry, (5, 2))).await.unwrap();
    }
    let moved = scene.read_all(3).await;
    assert_eq!(seqs(&moved), [6, 7, 8]);
    assert_eq!(moved.iter().map(|entry| entry.n).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!((moved[1].kind, &moved[1].users), (Kind::Left, &users(&["bert"])));
    assert_eq!((scene.role("cleo").await, scene.role("bert").await), (Some(Role::Admin), None));
    assert_eq!(scene.role("dora").await, Some(Role::Member));
    // The set's version is that of the last one: an older one from the store does not replace it.
    scene
        .backplane
        .restore(scene.partition, &scene.origin, &GroupSnapshot { version: 7, ..floor(&scene.group) })
        .await
        .unwrap();
    assert_eq!(scene.role("dora").await, Some(Role::Member));
}

pub async fn in_an_unknown_group_the_sender_begins_anew<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let entry = scene.read_all(1).await.remove(0);
    scene.backplane.forget_group(scene.partition, &scene.group, 0, head(0, 0)).await.unwrap();
    scene.backplane.reseq(&reseq(&scene, &entry, (3, 3))).await.unwrap();
    assert!(scene.read(SHORT).await.is_empty());
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap().pending, 0);
    let anew = GroupSnapshot { head: head(3, 3), base: 2, ..floor(&scene.group) };
    assert!(scene.backplane.restore(scene.partition, &scene.origin, &anew).await.unwrap());
    assert_eq!(scene.say("1").await, 4);
}

pub async fn no_reseq_without_the_lease<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let entry = scene.read_all(1).await.remove(0);
    let stale = Reseq { token: LeaseToken("stale".into()), ..reseq(&scene, &entry, (3, 3)) };
    let lost = scene.backplane.reseq(&stale).await;
    assert!(matches!(lost, Err(CommitError::LeaseLost)), "{lost:?}");
    assert_eq!(seqs(&scene.backplane.claim(&scene.owner, scene.partition).await.unwrap().entries), [1]);
}
