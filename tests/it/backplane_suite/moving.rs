//! Stored heads move; who was away asks what moved, and takes recent events from the cache.

use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{Cid, GroupId};
use hubbub::ports::{Append, Appended, GroupCommit, GroupSnapshot};

use super::World;
use super::sample::*;

pub async fn moves_are_listed_by_commit<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let other = GroupId::random();
    scene.know(&other).await;
    let since = async |after| scene.backplane.moved_since(scene.partition, after).await.unwrap();
    scene.commit_upto(1..=1).await;
    let (start, _) = since(0).await;
    assert!(start > 0);
    assert_eq!(since(start).await, (start, Some(vec![])));
    let parts = vec![group_commit(&scene.group, 2..=3), group_commit(&other, 1..=1)];
    scene.commit(&[], parts).await.unwrap();
    let (second, moved) = since(start).await;
    let expected = vec![(scene.group.clone(), Some(head(3, 3))), (other.clone(), Some(head(1, 1)))];
    assert_eq!(sorted_by_group(moved.unwrap()), sorted_by_group(expected));
    scene.commit(&[], vec![group_commit(&other, 2..=2)]).await.unwrap();
    let (third, moved) = since(second).await;
    assert_eq!(moved.unwrap(), [(other.clone(), Some(head(2, 2)))]);
    assert_eq!(since(start).await.1.unwrap().len(), 2);
    // What moves nothing is no news.
    scene.commit(&[], vec![group_commit(&other, 1..=2)]).await.unwrap();
    assert_eq!(since(third).await, (third, Some(vec![])));
    assert!(start < second && second < third);
}

fn sorted_by_group<T>(mut moved: Vec<(GroupId, T)>) -> Vec<(GroupId, T)> {
    moved.sort_by(|a, b| a.0.cmp(&b.0));
    moved
}

pub async fn too_long_ago_means_compare_all<W: World>() {
    let scene = TestCluster::<W>::with(BackplaneLimits { moves_kept: 3, ..BackplaneLimits::default() }).await;
    let since = async |after| scene.backplane.moved_since(scene.partition, after).await.unwrap();
    assert_eq!(since(0).await.1, None);
    scene.commit_upto(1..=1).await;
    let (start, moved) = since(0).await;
    assert_eq!(moved, None);
    let mut numbers = vec![start];
    for _ in 0..4 {
        let group = GroupId::random();
        scene.know(&group).await;
        scene.commit(&[], vec![group_commit(&group, 1..=1)]).await.unwrap();
        numbers.push(since(start).await.0);
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let (newest, moved) = since(start).await;
    assert_eq!((newest, moved), (numbers[4], None));
    assert_eq!(since(numbers[1]).await.1.unwrap().len(), 3);
    // A number that was never given comes from another life of the backplane.
    assert_eq!(since(newest + 1000).await, (newest, None));
}

pub async fn a_restore_is_a_move<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.commit_upto(1..=1).await;
    let (start, _) = scene.backplane.moved_since(scene.partition, 0).await.unwrap();
    let raised = GroupSnapshot { head: head(5, 5), ..floor(&scene.group) };
    let mut numbers = Vec::new();
    for _ in 0..2 {
        scene.backplane.restore(scene.partition, &scene.origin, &raised).await.unwrap();
        let (newest, moved) = scene.backplane.moved_since(scene.partition, start).await.unwrap();
        assert_eq!(moved, Some(vec![(scene.group.clone(), Some(head(5, 5)))]));
        numbers.push(newest);
    }
    assert!(numbers[0] > start && numbers[1] == numbers[0], "{numbers:?}");
}

/// So that no number is given twice, even where the last ones were lost.
pub async fn numbers_are_at_least_the_time<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let newest = async || scene.backplane.moved_since(scene.partition, 0).await.unwrap().0;
    let raised = |seq| GroupSnapshot { head: head(seq, seq), ..floor(&scene.group) };
    for seq in [1, 3, 5] {
        let before = micros(&scene).await;
        scene.commit_upto(seq..=seq).await;
        assert!(newest().await >= before);
        let before = micros(&scene).await;
        scene.backplane.restore(scene.partition, &scene.origin, &raised(seq + 1)).await.unwrap();
        assert!(newest().await >= before);
        let before = micros(&scene).await;
        scene.backplane.note_move(scene.partition, &scene.group).await.unwrap();
        assert!(newest().await >= before);
    }
}

/// The backplane's time, by that of an entry.
async fn micros<W: World>(scene: &TestCluster<W>) -> u64 {
    let anew = Append { cid: Cid::random(), ..text(&scene.group, "anna", "time") };
    let answers = scene.append(&[anew]).await;
    let [Appended::Accepted { time, .. }] = answers[..] else { panic!("{answers:?}") };
    time as u64 * 1_000
}

pub async fn a_group_may_move_without_a_commit<W: World>() {
    let scene = TestCluster::<W>::with(BackplaneLimits { moves_kept: 3, ..BackplaneLimits::default() }).await;
    let since = async |after| scene.backplane.moved_since(scene.partition, after).await.unwrap();
    let note = async |group: &GroupId| scene.backplane.note_move(scene.partition, group).await.unwrap();
    // Whoever asks where no moves are known compares all.
    note(&scene.group).await;
    assert_eq!(since(0).await.1, None);
    scene.commit_upto(1..=1).await;
    let (start, _) = since(0).await;
    note(&scene.group).await;
    let (second, moved) = since(start).await;
    assert!(second > start);
    assert_eq!(moved, Some(vec![(scene.group.clone(), Some(head(1, 1)))]));
    assert_eq!(since(second).await, (second, Some(vec![])));
    for _ in 0..3 {
        note(&GroupId::random()).await;
    }
    assert_eq!(since(start).await.1, None, "no more are kept than of commits");
    assert_eq!(since(second).await.1.unwrap().len(), 3);
}

pub async fn groups_without_a_state_move_too<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.commit_upto(1..=2).await;
    let (start, _) = scene.backplane.moved_since(scene.partition, 0).await.unwrap();
    scene.backplane.forget_group(scene.partition, &scene.group, 0, head(2, 2)).await.unwrap();
    let unknown = GroupId::random();
    for group in [&scene.group, &unknown] {
        scene.backplane.note_move(scene.partition, group).await.unwrap();
    }
    let (_, moved) = scene.backplane.moved_since(scene.partition, start).await.unwrap();
    let expected = vec![(scene.group.clone(), None), (unknown, None)];
    assert_eq!(sorted_by_group(moved.unwrap()), sorted_by_group(expected));
}

pub async fn the_recent_cache_has_no_holes<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let recent = async |after| {
        let events = scene.backplane.recent(scene.partition, &scene.group, after).await.unwrap();
        assert!(events.iter().all(|(seq, bytes)| *bytes == event(*seq)), "{events:?}");
        events.into_iter().map(|(seq, _)| seq).collect::<Vec<_>>()
    };
    assert_eq!(recent(0).await, [0; 0]);
    scene.commit_upto(5..=7).await;
    assert_eq!(recent(4).await, [5, 6, 7]);
    assert_eq!(recent(6).await, [7]);
    assert_eq!(recent(7).await, [0; 0]);
    assert_eq!(recent(3).await, [0; 0], "4 is missing");
    scene.commit_upto(8..=8).await;
    assert_eq!(recent(5).await, [6, 7, 8]);
    scene.commit_upto(11..=12).await;
    assert_eq!(recent(8).await, [0; 0], "9 and 10 are missing");
    assert_eq!(recent(10).await, [11, 12]);
    // A hole within one commit.
    let mut part = group_commit(&scene.group, 13..=16);
    part.recent.remove(1);
    scene.commit(&[], vec![part]).await.unwrap();
    assert_eq!(recent(12).await, [0; 0]);
    assert_eq!(recent(14).await, [15, 16]);
}

pub async fn the_recent_cache_is_short<W: World>() {
    let scene = TestCluster::<W>::with(BackplaneLimits { recent_len: 4, ..BackplaneLimits::default() }).await;
    let recent = async |after| scene.backplane.recent(scene.partition, &scene.group, after).await.unwrap().len();
    scene.commit_upto(1..=3).await;
    assert_eq!(recent(0).await, 3);
    scene.commit_upto(4..=6).await;
    assert_eq!((recent(1).await, recent(2).await), (0, 4));
    scene.commit_upto(7..=20).await;
    assert_eq!((recent(15).await, recent(16).await, recent(19).await), (0, 4, 1));
}

pub async fn the_recent_cache_keeps_nothing_from_below_a_deletion<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let recent = async |after| {
        let events = scene.backplane.recent(scene.partition, &scene.group, after).await.unwrap();
        events.into_iter().map(|(seq, _)| seq).collect::<Vec<_>>()
    };
    scene.commit_upto(1..=4).await;
    let deletes = GroupCommit { erased_at: Some(6), ..group_commit(&scene.group, 5..=7) };
    scene.commit(&[], vec![deletes.clone()]).await.unwrap();
    assert_eq!((recent(0).await, recent(4).await, recent(5).await), (vec![], vec![], vec![6, 7]));
    scene.commit_upto(8..=9).await;
    assert_eq!(recent(5).await, [6, 7, 8, 9]);
    // Another owner does it once more: what is kept has no holes and nothing from below.
    scene.commit(&[], vec![deletes]).await.unwrap();
    assert_eq!((recent(4).await, scene.head(&scene.group).await), (vec![], Some(head(9, 9))));
    scene.commit_upto(10..=11).await;
    assert_eq!(recent(9).await, [10, 11]);
}

pub async fn an_event_told_twice_is_kept_once<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.commit_upto(1..=4).await;
    scene.commit_upto(2..=5).await;
    scene.commit_upto(1..=2).await;
    let events = scene.backplane.recent(scene.partition, &scene.group, 0).await.unwrap();
    assert!(events.into_iter().eq((1..=5).map(|seq| (seq, event(seq)))));
    // A commit may carry no events at all.
    let silent = GroupCommit { recent: vec![], ..group_commit(&scene.group, 6..=6) };
    scene.commit(&[], vec![silent]).await.unwrap();
    assert_eq!(scene.head(&scene.group).await, Some(head(6, 6)));
    assert_eq!(scene.backplane.recent(scene.partition, &scene.group, 4).await.unwrap(), [(5, event(5))]);
}
