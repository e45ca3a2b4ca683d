//! What all live nodes know, as clients are told it: a node of an older version comes and goes.

use std::sync::Arc;
use std::time::Duration;

use hubbub::adapters::BackplaneLimits;
use hubbub::adapters::local::LocalBackplane;
use hubbub::adapters::redis::{RedisBackplane, RedisConfig};
use hubbub::adapters::sqlite::SqliteStore;
use hubbub::domain::{Does, KINDS, KindRow, NodeName, Part};
use hubbub::hub::{Hub, HubConfig, Metrics, Optional};
use hubbub::ports::{Backplane, Knows, NodeRecord, NodeRoles, NodeVitals, Store};
use serde_json::{Value, json};

use crate::people::{Client, NameIsToken, make_group};
use crate::support::shared;

/// Longer than a test.
const LONG: Duration = Duration::from_secs(60);

fn with_effect() -> Vec<&'static KindRow> {
    KINDS.iter().filter(|row| row.fx > 0).collect()
}

/// The features while all live nodes know these kinds.
fn features(kinds: &[&KindRow]) -> Value {
    let always = ["direct", "presence", "receipts", "typing"].map(str::to_owned);
    let mut names: Vec<_> = always.into_iter().chain(kinds.iter().map(|row| format!("kind:{}", row.name))).collect();
    names.sort();
    json!(names)
}

fn older_node() -> NodeRecord {
    NodeRecord {
        node: NodeName::parse("older.1").unwrap(),
        public_url: None,
        zone: None,
        connections: 0,
        capacity: 1,
        // Partitions are not to wait for it.
        draining: true,
        roles: NodeRoles::default(),
        version: "0.1.0".into(),
        since: 0,
        vitals: NodeVitals::default(),
        knows: Knows::default(),
        passes: Default::default(),
        followers: None,
    }
}

fn send_of(row: &KindRow, group: &str) -> Value {
    if row.name == "updated" {
        return json!({"type": "change", "id": 1, "group": group, "name": "changed"});
    }
    let mut send = json!({"type": "send", "id": 1, "group": group, "cid": row.name, "kind": row.name});
    for (field, part, value) in [
        ("text", row.text, json!("hi")),
        ("ref", row.reference, json!(format!("{group}:1"))),
        ("data", row.data, json!({"on": true, "emoji": "👍"})),
    ] {
        if part == Part::Required {
            send[field] = value;
        }
    }
    send
}

async fn follow_who_lives(backplane: Arc<dyn Backplane>) {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(dir.path().join("hubbub.db")).unwrap());
    let config = HubConfig { node_lease: Duration::from_secs(2), ..HubConfig::default() };
    store.prepare(config.partitions).await.unwrap();
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
    let (partitions, older) = (config.partitions, older_node());
    let hub = Hub::new(config, store, backplane.clone(), Arc::new(NameIsToken), metrics, Optional::default());
    hub.start().await.unwrap();
    let kinds = with_effect();
    // One in each encoding.
    let (mut anna, welcome) = Client::hello(&hub, "anna").await;
    assert_eq!(welcome["features"], features(&kinds));
    let (mut bob, _) = Client::hello(&hub, "bob").await;
    let group = make_group(&mut anna, &["bob"]).await;
    // Nothing else differs between versions.
    if kinds.is_empty() {
        return;
    }

    backplane.beat(&older, LONG).await.unwrap();
    for client in [&mut anna, &mut bob] {
        assert_eq!(client.next("features").await, json!({"type": "features", "features": features(&[])}));
    }
    let (_, welcome) = Client::hello(&hub, "cleo").await;
    assert_eq!(welcome["features"], features(&[]));
    // What has an effect only where it names another event goes on as it was before.
    let reply = json!({"type": "send", "id": 2, "group": group, "cid": "r", "text": "hi", "ref": "nothing:7"});
    assert_eq!(anna.ask(reply, "error").await["code"], "bad_frame");
    let reply =
        json!({"type": "send", "id": 3, "group": group, "cid": "r", "text": "hi", "ref": format!("{group}:99")});
    anna.ask(reply, "ack").await;
    for row in kinds.iter().filter(|row| row.does == Does::Always) {
        let refused = anna.ask(send_of(row, &group), "error").await;
        assert_eq!(refused["code"], "unsupported");
        assert!(refused["message"].as_str().unwrap().contains("older version"), "{refused}");
    }

    backplane.leave(&older.node, partitions).await.unwrap();
    for client in [&mut anna, &mut bob] {
        assert_eq!(client.next("features").await["features"], features(&kinds));
    }
    for row in &kinds {
        anna.say(send_of(row, &group)).await;
        let answer = anna.next_of(&["ack", "ok", "error"]).await;
        assert_ne!(answer["code"], "unsupported", "{answer}");
    }
}

#[tokio::test]
async fn sessions_hear_what_all_nodes_know() {
    follow_who_lives(Arc::new(LocalBackplane::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_hear_what_all_nodes_know_over_redis() {
    let space = shared::redis().await;
    let limits = BackplaneLimits::default();
    let config = RedisConfig { prefix: space.prefix.clone(), limits, ..RedisConfig::new(&space.url) };
    follow_who_lives(Arc::new(RedisBackplane::connect(&config).await.unwrap())).await;
}
