//! Calls on a node that holds nothing of the group: answered from the store, and heard where sessions are.

use hubbub::domain::UserId;
use hubbub::hub::{ListedFrom, ShownGroup};
use serde_json::json;

use super::test_cluster::{TestCluster, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_sessions_in_the_group_answers_calls_about_it() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    // The only session of the third node leaves it.
    people.remove(2).session.end().await;
    scene.route_left(2, &group).await;
    send(&mut people[0], &group, "said").await;
    let seq = people[0].next("ack").await["seq"].as_u64().unwrap();

    let hub = scene.nodes[2].hub.clone();
    let calls = hub.calls();
    let user = UserId::parse("user-0").unwrap();
    let ShownGroup::Own(shown) = calls.group(&user, &group).await.unwrap() else { panic!("they are in it") };
    assert_eq!((shown.view.head, shown.last.map(|event| event.seq)), (seq, Some(seq)));
    let (listed, next) = calls.own_groups(&user, ListedFrom::Top, None).await.unwrap();
    assert_eq!((listed.len(), listed[0].view.head, next), (1, seq, None));

    people[1].ask(json!({"type": "watch", "groups": [group.clone()]}), "presence").await;
    calls.typing(&user, &group).await.unwrap();
    assert_eq!(people[1].next("typing").await["user"], "user-0");
    calls.read(&user, &group, seq + 1_000).await.unwrap();
    let receipt = people[1].next("receipt").await;
    assert_eq!((receipt["user"].as_str(), receipt["read"].as_u64()), (Some("user-0"), Some(seq)));
    scene.agree(&mut people, &group).await;
}
