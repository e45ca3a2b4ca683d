//! Stored heads move; who was away asks what moved, and takes recent events from the cache.

use hubbub::adapters::BackplaneLimits;
use hubbub::domain::GroupId;
use hubbub::ports::{GroupCommit, GroupSnapshot};

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
    let expected = vec![(scene.group.clone(), head(3, 3)), (other.clone(), head(1, 1))];
    assert_eq!(sorted_by_group(moved.unwrap()), sorted_by_group(expected));
    scene.commit(&[], vec![group_commit(&other, 2..=2)]).await.unwrap();
    let (third, moved) = since(second).await;
    assert_eq!(moved.unwrap(), [(other.clone(), head(2, 2))]);
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
    for _ in 0..4 {
        let group = GroupId::random();
        scene.know(&group).await;
        scene.commit(&[], vec![group_commit(&group, 1..=1)]).await.unwrap();
    }
    let (newest, moved) = since(start).await;
    assert_eq!(moved, None);
    assert_eq!(newest, start + 4);
    assert_eq!(since(start + 1).await.1.unwrap().len(), 3);
    // A number that was never given comes from another life of the backplane.
    assert_eq!(since(newest + 1000).await, (newest, None));
}

pub async fn a_restore_is_a_move<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.commit_upto(1..=1).await;
    let (start, _) = scene.backplane.moved_since(scene.partition, 0).await.unwrap();
    let raised = GroupSnapshot { head: head(5, 5), ..floor(&scene.group) };
    for _ in 0..2 {
        scene.backplane.restore(scene.partition, &scene.origin, &raised).await.unwrap();
    }
    let (newest, moved) = scene.backplane.moved_since(scene.partition, start).await.unwrap();
    assert_eq!((newest, moved), (start + 1, Some(vec![(scene.group.clone(), head(5, 5))])));
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
