//! A group that is deleted and made again goes on with its sequence, and nothing of its earlier life counts.

use hubbub::domain::{Base, GroupId, Role};
use hubbub::ports::{Appended, ChangeOutcome, ChangeRequest, Commit, GroupSnapshot, Reseq};

use super::World;
use super::sample::*;

/// What the store knows of a life that begins here and has no events yet.
fn anew(group: &GroupId, base: Base) -> GroupSnapshot {
    GroupSnapshot { head: head(base.seq, base.n), version: base.seq, base: base.seq, ..floor(group) }
}

async fn forget<W: World>(scene: &TestCluster<W>, life: u64) -> Base {
    scene.backplane.forget_group(scene.partition, &scene.group, life, head(0, 0)).await.unwrap()
}

async fn restore<W: World>(scene: &TestCluster<W>, floor: &GroupSnapshot) -> bool {
    scene.backplane.restore(scene.partition, &scene.origin, floor).await.unwrap()
}

pub async fn a_new_life_begins_above_all_that_was_given<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let joined = ChangeRequest { cid: cid("joined"), ..add(&scene.group, "anna", &["cleo"]) };
    assert_eq!(scene.change(&joined).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!((scene.say("once").await, scene.say("twice").await), (2, 3));
    let base = forget(&scene, 0).await;
    assert_eq!(base, Base { seq: 4, n: 2 });
    assert_eq!(scene.append(&[text(&scene.group, "anna", "once")]).await, [Appended::Unknown]);
    assert!(restore(&scene, &anew(&scene.group, base)).await);
    // Both are remembered, and of the earlier life.
    let again = scene.append(&[text(&scene.group, "anna", "once"), text(&scene.group, "anna", "once")]).await;
    assert!(matches!(again[..], [Appended::Accepted { seq: 5, n: 3, .. }, Appended::Seen { seq: 5 }]), "{again:?}");
    assert_eq!(scene.change(&joined).await, ChangeOutcome::Accepted { seq: 6 });
    assert_eq!(scene.change(&joined).await, ChangeOutcome::Accepted { seq: 6 });
    assert_eq!(forget(&scene, base.seq).await, Base { seq: 7, n: 3 });
}

/// Whoever may not send does not learn either of what was said in an earlier life.
pub async fn an_earlier_life_tells_no_seqs<W: World>() {
    let scene = TestCluster::<W>::new().await;
    assert_eq!(accepted(&scene.append(&[text(&scene.group, "bert", "old")]).await), [1]);
    let base = forget(&scene, 0).await;
    let without = GroupSnapshot { members: vec![member("anna", Role::Admin)], ..anew(&scene.group, base) };
    assert!(restore(&scene, &without).await);
    assert_eq!(scene.append(&[text(&scene.group, "bert", "old")]).await, [Appended::NotMember]);
}

pub async fn a_life_that_ended_is_not_restored<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let base = forget(&scene, 0).await;
    assert!(!restore(&scene, &floor(&scene.group)).await, "it was read before the deletion");
    assert_eq!(scene.head(&scene.group).await, None);
    assert!(restore(&scene, &anew(&scene.group, base)).await);
    assert!(!restore(&scene, &GroupSnapshot { head: head(1, 1), version: 90, ..floor(&scene.group) }).await);
    assert_eq!(scene.head(&scene.group).await, Some(head(base.seq, base.n)));
}

pub async fn a_state_of_an_earlier_life_gives_way<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.change(&add(&scene.group, "anna", &["cleo"])).await;
    scene.say("old").await;
    scene.commit_upto(1..=2).await;
    let base = Base { seq: 40, n: 30 };
    let others = GroupSnapshot { members: vec![member("dora", Role::Admin)], ..anew(&scene.group, base) };
    assert!(restore(&scene, &others).await);
    assert_eq!((scene.role("anna").await, scene.role("cleo").await), (None, None));
    assert_eq!(scene.role("dora").await, Some(Role::Admin));
    assert_eq!(scene.backplane.recent(scene.partition, &scene.group, 0).await.unwrap(), []);
    let answer = scene.append(&[text(&scene.group, "dora", "new")]).await;
    assert!(matches!(answer[..], [Appended::Accepted { seq: 41, n: 31, .. }]), "{answer:?}");
}

pub async fn of_a_lost_state_as_much_is_left_out_as_a_log_holds<W: World>() {
    let scene = TestCluster::<W>::with(small()).await;
    let lost = GroupId::random();
    let forget = || scene.backplane.forget_group(scene.partition, &lost, 0, head(7, 6));
    assert_eq!(forget().await.unwrap(), Base { seq: 13, n: 11 });
    assert_eq!(forget().await.unwrap(), Base { seq: 13, n: 11 });
    // What is there may be of an earlier life than the one that ends: a Redis that lost its last moments.
    assert_eq!(scene.say("of an earlier life").await, 1);
    assert_eq!(self::forget(&scene, 50).await.seq, 51);
}

pub async fn forgetting_late_leaves_the_next_life_alone<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let base = forget(&scene, 0).await;
    assert_eq!(forget(&scene, 0).await, base);
    assert!(restore(&scene, &anew(&scene.group, base)).await);
    scene.backplane.join_routes(scene.partition, &[scene.group.clone()], &node("a.1"), 1).await.unwrap();
    assert_eq!(scene.say("2").await, 3);
    assert_eq!(forget(&scene, 0).await.seq, base.seq);
    assert_eq!(scene.say("3").await, 4);
    assert_eq!(scene.backplane.routes(scene.partition, &scene.group).await.unwrap(), [node("a.1")]);
}

pub async fn commits_tell_what_is_of_an_earlier_life<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.backplane.open_inbox(&node("a.1")).await.unwrap();
    let route = [scene.group.clone()];
    let commit = async |seqs| {
        let (token, groups) = (scene.token.clone(), vec![group_commit(&scene.group, seqs)]);
        let reach = vec![node("a.1")];
        let commit = Commit { partition: scene.partition, token, done: vec![], groups, hinted: reach };
        scene.backplane.commit(&commit).await.unwrap().bases[0]
    };
    assert_eq!(commit(1..=2).await, Some(0));
    let base = forget(&scene, 0).await;
    assert_eq!(commit(2..=2).await, Some(base.seq), "deleted");
    assert!(restore(&scene, &anew(&scene.group, base)).await);
    scene.backplane.join_routes(scene.partition, &route, &node("a.1"), 1).await.unwrap();
    assert_eq!(commit(2..=2).await, Some(base.seq), "begun anew");
    assert_eq!(scene.head(&scene.group).await, Some(head(base.seq, base.n)));
    let first = base.seq + 1;
    assert_eq!(commit(first..=first).await, Some(base.seq));
    let recent = scene.backplane.recent(scene.partition, &scene.group, base.seq).await.unwrap();
    assert_eq!(recent, [(first, event(first))]);
    // Where peer messages leave with the commit, there is one for the new life only.
    let read = scene.backplane.read_inbox(&node("a.1"), Default::default(), SHORT).await.unwrap();
    assert!(read.entries.len() <= 1, "{read:?}");
    let unknown = GroupId::random();
    let groups = vec![group_commit(&unknown, 1..=1)];
    let commit =
        Commit { partition: scene.partition, token: scene.token.clone(), done: vec![], groups, hinted: vec![] };
    assert_eq!(scene.backplane.commit(&commit).await.unwrap().bases, [None]);
}

pub async fn an_entry_of_an_earlier_life_does_not_move<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let entry = scene.read_all(1).await.remove(0);
    let base = forget(&scene, 0).await;
    assert!(restore(&scene, &anew(&scene.group, base)).await);
    let (partition, token) = (scene.partition, scene.token.clone());
    scene.backplane.reseq(&Reseq { partition, token, entry, floor: head(1, 1) }).await.unwrap();
    assert!(scene.read(SHORT).await.is_empty());
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap().pending, 0);
    assert_eq!(scene.say("1").await, base.seq + 1);
}
