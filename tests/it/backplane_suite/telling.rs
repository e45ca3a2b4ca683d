//! Commits that tell the nodes concerned in the same step, where logs and inboxes are in one place.

use bytes::Bytes;
use hubbub::domain::{GroupId, NodeName};
use hubbub::ports::{Commit, CommitError, Committed, GroupCommit, InboxPosition, InboxRead, LeaseToken};

use super::World;
use super::sample::*;

impl<W: World> TestCluster<W> {
    async fn open(&self, names: &[&str]) -> Vec<NodeName> {
        let nodes: Vec<NodeName> = names.iter().map(|name| node(name)).collect();
        for name in &nodes {
            self.backplane.open_inbox(name).await.unwrap();
        }
        nodes
    }

    async fn route(&self, group: &GroupId, to: &NodeName) {
        let joined = self.backplane.join_routes(self.partition, std::slice::from_ref(group), to, 1).await.unwrap();
        assert!(joined[0].head.is_some());
    }

    async fn commit_within(&self, reach: &[NodeName], groups: Vec<GroupCommit>) -> Committed {
        let (partition, token) = (self.partition, self.token.clone());
        let commit = Commit { partition, token, done: Vec::new(), groups, hinted: reach.to_vec() };
        self.backplane.commit(&commit).await.unwrap()
    }

    async fn inbox(&self, node: &NodeName) -> InboxRead {
        self.backplane.read_inbox(node, InboxPosition::default(), SHORT).await.unwrap()
    }

    async fn peer_messages(&self, node: &NodeName) -> Vec<Bytes> {
        let read = self.inbox(node).await;
        assert!(!read.lossy);
        read.entries.into_iter().map(|entry| entry.payload).collect()
    }
}

fn part(group: &GroupId, seq: u64, peer_message: &'static str, askers: &[NodeName]) -> GroupCommit {
    let peer_message = Bytes::from_static(peer_message.as_bytes());
    GroupCommit { peer_message, askers: askers.to_vec(), ..group_commit(group, seq..=seq) }
}

/// What is expected of inboxes where commits tell; nothing is told elsewhere.
fn where_told<T: Default>(committed: &Committed, expected: T) -> T {
    if committed.told { expected } else { T::default() }
}

pub async fn who_has_a_route_or_asks_is_told<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let other = GroupId::random();
    scene.know(&other).await;
    let nodes = scene.open(&["routed.1", "asker.1", "neither.1", "far.1"]).await;
    let [routed, asker, neither, far] = &nodes[..] else { unreachable!() };
    scene.route(&scene.group, routed).await;
    scene.route(&scene.group, far).await;
    scene.route(&other, routed).await;
    let groups = vec![
        part(&scene.group, 1, "of the first", &[asker.clone(), routed.clone()]),
        part(&other, 1, "of the other", std::slice::from_ref(asker)),
    ];
    let reach = [routed.clone(), asker.clone(), neither.clone(), node("gone.1")];
    let committed = scene.commit_within(&reach, groups).await;
    let mut routes = committed.routes.clone();
    routes[0].sort();
    assert_eq!(routes, [vec![far.clone(), routed.clone()], vec![routed.clone()]]);
    let both = vec![Bytes::from("of the first"), Bytes::from("of the other")];
    assert_eq!(scene.peer_messages(routed).await, where_told(&committed, both.clone()));
    assert_eq!(scene.peer_messages(asker).await, where_told(&committed, both));
    // Within reach and not concerned; concerned and out of hinted: that one is the caller's.
    assert_eq!(scene.peer_messages(neither).await, Vec::<Bytes>::new());
    assert_eq!(scene.peer_messages(far).await, Vec::<Bytes>::new());
}

pub async fn nobody_is_told_of_a_commit_that_did_not_happen<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let nodes = scene.open(&["a.1"]).await;
    scene.route(&scene.group, &nodes[0]).await;
    let groups = vec![part(&scene.group, 1, "too early", &[])];
    let token = LeaseToken("another".into());
    let commit = Commit { partition: scene.partition, token, done: Vec::new(), groups, hinted: nodes.clone() };
    assert!(matches!(scene.backplane.commit(&commit).await, Err(CommitError::LeaseLost)));
    assert_eq!(scene.peer_messages(&nodes[0]).await, Vec::<Bytes>::new());
}

pub async fn many_peer_messages_of_one_commit_arrive_in_order<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let nodes = scene.open(&["a.1"]).await;
    let groups: Vec<GroupId> = (0..1_200).map(|_| GroupId::random()).collect();
    for group in &groups {
        scene.know(group).await;
    }
    let peer_message = |at: usize| Bytes::from(at.to_string());
    let parts = groups.iter().enumerate().map(|(at, group)| GroupCommit {
        peer_message: peer_message(at),
        askers: nodes.clone(),
        ..group_commit(group, 1..=1)
    });
    let committed = scene.commit_within(&nodes, parts.collect()).await;
    let expected: Vec<Bytes> = (0..groups.len()).map(peer_message).collect();
    assert_eq!(scene.peer_messages(&nodes[0]).await, where_told(&committed, expected));
}

/// Whether its events are of the group's present life, the caller has to find out.
pub async fn nobody_is_told_of_a_group_that_is_not_known<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let nodes = scene.open(&["a.1"]).await;
    let unknown = part(&GroupId::random(), 1, "of whom?", &nodes);
    let committed = scene.commit_within(&nodes, vec![unknown, part(&scene.group, 1, "news", &nodes)]).await;
    assert_eq!(committed.bases, [None, Some(0)]);
    assert_eq!(scene.peer_messages(&nodes[0]).await, where_told(&committed, vec![Bytes::from("news")]));
}

pub async fn a_full_inbox_is_marked_by_a_commit_too<W: World>() {
    let scene = TestCluster::<W>::with(small()).await;
    let nodes = scene.open(&["a.1"]).await;
    let mut told = false;
    for seq in 1..=6 {
        let committed = scene.commit_within(&nodes, vec![part(&scene.group, seq, "news", &nodes)]).await;
        told = committed.told;
    }
    let read = scene.inbox(&nodes[0]).await;
    assert_eq!((read.entries.len(), read.lossy), if told { (4, true) } else { (0, false) });
}
