//! What is deleted is nowhere any more: not in what nodes share, not in the store, not in what a node that starts anew
//! reads.

use std::time::Duration;

use hubbub::domain::GroupId;
use hubbub::ports::Page;
use serde_json::json;

use super::test_cluster::{TestCluster, until_acked};
use crate::edits::{edit, history};
use crate::erasures::delete;
use crate::people::Client;
use crate::support::wait::eventually_within;

/// By then logs and inboxes are trimmed, however little happens.
const TRIMMED_WITHIN: Duration = Duration::from_secs(60);
const SECRET: &str = "a-secret-that-nobody-else-has";

/// What stands in Redis of something that was said, and in what each node answers.
async fn traces(scene: &TestCluster, people: &mut [Client], group: &GroupId, said: &str) -> Vec<String> {
    let mut traces = scene.keys_that_hold(said).await;
    for client in people {
        for raw in [false, true] {
            let page = history(client, group, raw).await;
            traces.extend(page.to_string().contains(said).then(|| format!("a page, raw: {raw}")));
        }
    }
    traces
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_deleted_nothing_stays_in_redis_while_nothing_happens() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    let said = json!({"type": "send", "id": "said", "group": group.as_str(), "cid": "said", "text": SECRET});
    let seq = until_acked(&mut people[0], said).await["seq"].as_u64().unwrap();
    until_acked(&mut people[0], edit(&group, "edit", seq, &format!("{SECRET}, again"))).await;
    assert!(!traces(&scene, &mut people, &group, SECRET).await.is_empty(), "it is looked for in the right places");
    until_acked(&mut people[0], delete(&group, "delete", seq)).await;
    let page = scene.store.page(&group, Page::After(0, 100)).await.unwrap();
    assert!(page.iter().all(|event| event.text.is_none() && event.state.edit.is_none()), "{page:?}");
    eventually_within(TRIMMED_WITHIN, "logs and inboxes are trimmed", async || {
        let held = scene.keys_that_hold(SECRET).await;
        if held.is_empty() { Ok(()) } else { Err(format!("{held:?}")) }
    })
    .await;
    let newcomer = scene.join(2, "user-0").await;
    people.push(newcomer);
    assert_eq!(traces(&scene, &mut people, &group, SECRET).await, [""; 0]);
    let replayed = json!({group.as_str(): seq - 1});
    let (mut again, _) = Client::resume(&scene.nodes[1].hub, "user-1", replayed).await;
    let text = crate::edits::told(&mut again, "text").await;
    assert!(text.get("text").is_none() && text["deleted"].is_object(), "{text}");
}
