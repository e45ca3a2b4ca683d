//! What follows stored events: each is followed at least once, whatever dies; the journal is held against the store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use hubbub::adapters::mongodb::{MongoConfig, MongoStore};
use hubbub::ports::{GroupStore, MessageStore, Page};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::contract::stage::Stage;
use crate::support::http;
use crate::support::hub::Hub;
use crate::support::wait::{eventually, eventually_within};

/// After a loss all groups are compared, and a newcomer waits until what dead nodes held is free.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(120);

/// Seqs by group.
type Seqs = BTreeMap<String, BTreeSet<u64>>;

/// What the journals of a directory, one folder a node, hold.
fn journaled(directory: &Path) -> Seqs {
    let mut seqs = Seqs::new();
    let folders = std::fs::read_dir(directory).unwrap();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        // A process that was killed may have left a line cut short.
        for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            if let (Some(group), Some(seq)) = (line["group"].as_str(), line["seq"].as_u64()) {
                seqs.entry(group.to_owned()).or_default().insert(seq);
            }
            assert!(line.get("text").is_none(), "{line}");
        }
    }
    seqs
}

/// What of `stored` the journals lack.
fn lacking(directory: &Path, stored: &Seqs) -> Result<(), String> {
    let journaled = journaled(directory);
    let empty = BTreeSet::new();
    let lacks = |(group, seqs): (&String, &BTreeSet<u64>)| {
        let lacks: Vec<_> = seqs.difference(journaled.get(group).unwrap_or(&empty)).copied().collect();
        (!lacks.is_empty()).then(|| format!("{group}: {lacks:?}"))
    };
    let lacks: Vec<_> = stored.iter().filter_map(lacks).collect();
    if lacks.is_empty() { Ok(()) } else { Err(format!("the journals lack {}", lacks.join("; "))) }
}

/// All that is stored, voids too.
async fn stored(store: &MongoStore) -> Seqs {
    let mut stored = Seqs::new();
    for group in store.all_groups(0, 1_000).await.unwrap() {
        let (mut after, mut seqs) = (0, BTreeSet::new());
        loop {
            let page = store.page(&group.id, Page::After(after, 500)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.seq;
            seqs.extend(page.iter().map(|event| event.seq));
        }
        stored.insert(group.id.to_string(), seqs);
    }
    stored
}

/// A service makes a group of people who are never online.
async fn quiet_group(node: &Hub) -> String {
    let body = json!({"name": "quiet", "users": ["nora", "otto"]});
    let made: Value = eventually("a group is made", async || {
        let answer = http::client().post(format!("{}/group/", node.internal_url())).json(&body).send().await;
        answer
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| error.to_string())?
            .json()
            .await
            .map_err(|error| error.to_string())
    })
    .await;
    made["id"].as_str().unwrap().to_owned()
}

/// A service says something in a group; answers the seq.
async fn say(node: &Hub, group: &str, text: &str) -> u64 {
    let body = json!({"group": group, "from": "nora", "message": text});
    let stored: Value = eventually("it is stored", async || {
        let answer = http::client().post(format!("{}/message/", node.internal_url())).json(&body).send().await;
        answer
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| error.to_string())?
            .json()
            .await
            .map_err(|error| error.to_string())
    })
    .await;
    stored["seq"].as_u64().unwrap_or_else(|| panic!("{stored}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_followed_whatever_dies() {
    let journals = TempDir::new().unwrap();
    let of = |name: &str| journals.path().join(name).to_str().unwrap().to_owned();
    let mut stage = Stage::open_with(31, |name, node| node.env("HUBBUB_JOURNAL", &of(name))).await;
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
    let store = MongoStore::connect(&MongoConfig::new(stage.mongo.database_url("hubbub"), "hubbub")).await.unwrap();
    let stored = stored(&store).await;
    assert!(quiet.iter().all(|group| stored[group].len() >= 3), "who made it joined, and said two things");
    eventually_within(FOLLOWED_WITHIN, "all that is stored is followed", async || lacking(journals.path(), &stored))
        .await;
    eventually("somebody works everywhere", async || {
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
    let journals = TempDir::new().unwrap();
    let journal = journals.path().join("a");
    let mut hub = Hub::builder("a").env("HUBBUB_JOURNAL", journal.to_str().unwrap()).start().await;
    let mut expected = Seqs::new();
    let mut groups = Vec::new();
    for _ in 0..3 {
        groups.push(quiet_group(&hub).await);
    }
    for round in 0..3 {
        for group in &groups {
            let seq = say(&hub, group, &round.to_string()).await;
            expected.insert(group.clone(), (1..=seq).collect());
        }
        // Nothing was raised yet of what was said last, neither heads nor what is done.
        hub.kill();
        hub.restart().await;
    }
    eventually_within(FOLLOWED_WITHIN, "all that was acked is followed", async || lacking(journals.path(), &expected))
        .await;
    let status = hub.terminate().await;
    assert!(status.success(), "{status}");
    let files = std::fs::read_dir(&journal).unwrap().count();
    assert_eq!(files, 4, "each life has a file");
}
