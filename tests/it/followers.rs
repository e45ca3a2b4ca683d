//! What follows stored events: each is followed at least once, whatever dies; the journal is held against the store.

mod losses;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::contract::followed::{Journals, Stored};
use crate::contract::stage::Stage;
use crate::support::http;
use crate::support::hub::Hub;
use crate::support::wait::eventually_within;

/// After a loss all groups are compared, and whoever is new, or is asked for something, waits until what dead nodes held
/// is free.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(120);

/// A service asks, and again until it is answered.
async fn post(node: &Hub, path: &str, body: &Value) -> Value {
    eventually_within(FOLLOWED_WITHIN, path, async || {
        let answer = http::client().post(format!("{}{path}", node.internal_url())).json(body).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status).map_err(|error| error.to_string())?;
        answer.json().await.map_err(|error| error.to_string())
    })
    .await
}

/// A service makes a group of people who are never online.
async fn quiet_group(node: &Hub) -> String {
    let made = post(node, "/group/", &json!({"name": "quiet", "users": ["nora", "otto"]})).await;
    made["id"].as_str().unwrap().to_owned()
}

/// A service says something in a group; answers the seq.
async fn say(node: &Hub, group: &str, text: &str) -> u64 {
    let stored = post(node, "/message/", &json!({"group": group, "from": "nora", "message": text})).await;
    stored["seq"].as_u64().unwrap_or_else(|| panic!("{stored}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_followed_whatever_dies() {
    let directory = TempDir::new().unwrap();
    let mut journals = Journals::of(directory.path());
    let mut stage = Stage::open_with(31, |name, node| node.env("HUBBUB_JOURNAL", &journals.folder(name))).await;
    let mut quiet = Vec::new();
    for _ in 0..10 {
        quiet.push(quiet_group(&stage.nodes[0]).await);
    }
    for group in &quiet {
        say(&stage.nodes[0], group, "one").await;
    }
    stage.nodes[1].kill();
    stage.until_acked(15).await;
    stage.nodes[1].restart().await;
    stage.nodes[2].kill();
    for group in &quiet[..5] {
        say(&stage.nodes[0], group, "two").await;
    }
    stage.nodes[2].restart().await;
    // What was said right before is in the store alone, and who followed dies with it.
    for group in &quiet[5..] {
        say(&stage.nodes[0], group, "two").await;
    }
    stage.nodes[1].kill();
    stage.redis.kill();
    stage.redis.restart_empty().await;
    stage.nodes[1].restart().await;
    stage.until_acked(15).await;
    let stored = Stored::Mongo { url: stage.mongo.url(), database: "hubbub".into() }.events().await.unwrap();
    let of = |group: &String| stored.iter().filter(|event| event.group == *group).count();
    assert!(quiet.iter().all(|group| of(group) >= 3), "who made it joined, and said two things");
    eventually_within(FOLLOWED_WITHIN, "all that is stored is followed", async || {
        let differences = journals.compare(&stored).differences;
        if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
    })
    .await;
    eventually_within(FOLLOWED_WITHIN, "somebody works everywhere", async || {
        let followers: Vec<Value> =
            serde_json::from_str(&stage.nodes[0].internal("/followers").await.map_err(|error| error.to_string())?)
                .unwrap();
        let idle = followers.iter().filter(|place| place["node"].is_null()).count();
        if followers.len() == 16 && idle == 0 { Ok(()) } else { Err(format!("{followers:?}")) }
    })
    .await;
    stage.verdict().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_in_one_process_follows_all_also_when_it_is_killed() {
    let directory = TempDir::new().unwrap();
    let mut journals = Journals::of(directory.path());
    let mut hub = Hub::builder("a").env("HUBBUB_JOURNAL", &journals.folder("a")).start().await;
    let mut acked = BTreeMap::new();
    let mut groups = Vec::new();
    for _ in 0..3 {
        groups.push(quiet_group(&hub).await);
    }
    for round in 0..3 {
        for group in &groups {
            let seq = say(&hub, group, &round.to_string()).await;
            acked.insert(group.clone(), seq as i64);
        }
        // Nothing was raised yet of what was said last, neither heads nor what is done.
        hub.kill();
        hub.restart().await;
    }
    let stored = Stored::Sqlite(hub.data_directory().join("hubbub.db"));
    let followed = journals.follow(&stored, false).await;
    assert!(followed.differences.is_empty(), "{}", followed.differences.join("\n"));
    let stored = stored.events().await.unwrap();
    for (group, seq) in acked {
        assert!(stored.iter().any(|event| event.group == group && event.seq == seq), "{group}:{seq} was acked");
    }
    let status = hub.terminate().await;
    assert!(status.success(), "{status}");
    let files = std::fs::read_dir(journals.folder("a")).unwrap().count();
    assert_eq!(files, 4, "each life has a file");
}
