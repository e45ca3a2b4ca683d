//! Routes from groups to nodes.

use hubbub::domain::GroupId;
use hubbub::ports::{GroupSnapshot, Joined};

use super::World;
use super::sample::*;

pub async fn commits_answer_who_has_a_route<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let (other, lonely) = (GroupId::random(), GroupId::random());
    let (a, b) = (node("a.1"), node("b.7"));
    scene.backplane.join_routes(scene.partition, &[scene.group.clone(), other.clone()], &a, 1).await.unwrap();
    scene.backplane.join_routes(scene.partition, &[scene.group.clone()], &b, 1).await.unwrap();
    let parts = [&other, &scene.group, &lonely].map(|group| group_commit(group, 1..=1)).to_vec();
    let nodes = scene.commit(&[], parts).await.unwrap();
    let nodes: Vec<_> = nodes.into_iter().map(sorted).collect();
    assert_eq!(nodes, [vec![a.clone()], vec![a.clone(), b.clone()], vec![]]);
    assert_eq!(sorted(scene.backplane.routes(scene.partition, &scene.group).await.unwrap()), [a, b]);
    assert_eq!(scene.backplane.routes(scene.partition, &lonely).await.unwrap(), []);
}

pub async fn joining_tells_the_head<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let a = node("a.1");
    let join =
        async || scene.backplane.join_routes(scene.partition, &[scene.group.clone()], &a, 1).await.unwrap().remove(0);
    assert_eq!(join().await, Joined { head: Some(Default::default()), last: None });
    scene.commit_upto(1..=3).await;
    assert_eq!(join().await, Joined { head: Some(head(3, 3)), last: Some(event(3)) });
    // The newest event in the cache is not that of the head.
    scene
        .backplane
        .restore(scene.partition, &scene.origin, &GroupSnapshot { head: head(9, 9), ..floor(&scene.group) })
        .await
        .unwrap();
    assert_eq!(join().await, Joined { head: Some(head(9, 9)), last: None });
}

pub async fn joining_an_unknown_group_waits_for_its_head<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let (a, unknown) = (node("a.1"), GroupId::random());
    let joined =
        scene.backplane.join_routes(scene.partition, &[unknown.clone(), scene.group.clone()], &a, 1).await.unwrap();
    assert_eq!(joined, [Joined::default(), Joined { head: Some(Default::default()), last: None }]);
    // The route is there all the same.
    assert_eq!(scene.commit(&[], vec![group_commit(&unknown, 1..=1)]).await.unwrap(), [[a.clone()]]);
    scene.know(&unknown).await;
    let joined = scene.backplane.join_routes(scene.partition, &[unknown], &a, 2).await.unwrap();
    assert_eq!(joined[0].head, Some(Default::default()));
}

pub async fn an_old_leave_leaves_a_new_route<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let (a, b) = (node("a.1"), node("b.1"));
    let join = async |generation| {
        scene.backplane.join_routes(scene.partition, &[scene.group.clone()], &a, generation).await.unwrap();
    };
    let leave = async |node, generation| {
        scene.backplane.leave_route(scene.partition, &scene.group, node, generation).await.unwrap();
        scene.backplane.routes(scene.partition, &scene.group).await.unwrap()
    };
    join(4).await;
    join(6).await;
    join(5).await;
    assert_eq!(leave(&a, 5).await, [a.clone()]);
    assert_eq!(leave(&b, 9).await, [a.clone()]);
    assert_eq!(leave(&a, 6).await, []);
    assert_eq!(leave(&a, 6).await, []);
    join(7).await;
    assert_eq!(leave(&a, 100).await, []);
}

pub async fn many_groups_join_at_once<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let groups: Vec<GroupId> = (0..700).map(|_| GroupId::random()).collect();
    for (at, group) in groups.iter().enumerate().filter(|(at, _)| at % 100 == 7) {
        let known = GroupSnapshot { head: head(at as u64, at as u64), ..floor(group) };
        scene.backplane.restore(scene.partition, &scene.origin, &known).await.unwrap();
    }
    let joined = scene.backplane.join_routes(scene.partition, &groups, &node("a.1"), 1).await.unwrap();
    for (at, joined) in joined.iter().enumerate() {
        let expected = (at % 100 == 7).then(|| head(at as u64, at as u64));
        assert_eq!(joined.head, expected, "{at}");
    }
    assert_eq!(joined.len(), 700);
}
