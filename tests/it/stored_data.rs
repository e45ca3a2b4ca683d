//! Data of each version, as it is kept in tests/data: the present build opens it and finds what was there.
//!
//! tests/data/README.md says what is kept and how a version is added.

mod kept;
mod story;

use std::path::PathBuf;
use std::sync::Arc;

use hubbub::adapters::local::LocalBackplane;
use hubbub::adapters::mongodb::{MongoConfig, MongoStore};
use hubbub::adapters::sqlite::SqliteStore;
use hubbub::hub::{Hub, HubConfig, Metrics, Optional};
use hubbub::ports::{StartError, Store};
use serde_json::json;

use crate::people::{Client, NameIsToken};
use crate::support::shared::{self, MongoSpace};
use crate::support::{mongo, scratch};

/// The partitions that all of it was made with.
const PARTITIONS: u16 = 16;
/// The version that is not released yet: what is kept of it may be written anew until then.
const PRESENT: &str = "0.1.0";
/// Its messages in MongoDB have a form that is not read any more, as it was never released.
const UNREAD_IN_MONGODB: &str = "before-0.1.0";

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The versions that data is kept of.
fn versions() -> Vec<String> {
    let entries = std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<_> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 1 && names.iter().any(|name| name == PRESENT), "{names:?}");
    names
}

fn file(version: &str, name: &str) -> PathBuf {
    directory().join(version).join(name)
}

/// Whether what is kept of the present version is to be written anew.
fn is_to_be_written() -> bool {
    std::env::var_os("HUBBUB_WRITE_DATA").is_some()
}

/// People come back to a hub over this data, read on and go on.
async fn people_go_on(store: Arc<dyn Store>, version: &str) {
    let config = HubConfig { partitions: PARTITIONS, ..HubConfig::default() };
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
    let hub =
        Hub::new(config, store, Arc::new(LocalBackplane::new()), Arc::new(NameIsToken), metrics, Optional::default());
    hub.start().await.unwrap();
    let (mut bert, welcome) = Client::hello(&hub, "bert").await;
    let groups: Vec<_> = welcome["groups"].as_array().unwrap().iter().map(|group| group["id"].clone()).collect();
    assert_eq!(groups, [json!(story::TEA), json!(story::direct())], "{version}");
    let tea = &welcome["groups"][0];
    let (unread, head) = (1, story::head(version));
    assert_eq!((&tea["unread"], &tea["head"], &tea["read"]), (&json!(unread), &json!(head), &json!(4)), "{version}");
    let history = bert.ask(json!({"type": "history", "id": 1, "group": story::TEA, "limit": 200}), "history").await;
    let seqs: Vec<_> = history["messages"].as_array().unwrap().iter().map(|event| event["seq"].clone()).collect();
    assert_eq!(json!(seqs), json!((1..=head).collect::<Vec<_>>()), "{version}");
    let (mut anna, _) = Client::resume(&hub, "anna", json!({story::TEA: 3})).await;
    for seq in 4..=head {
        assert_eq!(anna.next("message").await["seq"], seq, "{version}");
    }
    let send = json!({"type": "send", "id": 2, "group": story::TEA, "cid": "new", "text": "still here?"});
    assert_eq!(bert.ask(send, "ack").await["seq"], head + 1, "{version}");
    // What was sent once is known by its cid, however long ago.
    let again = json!({"type": "send", "id": 3, "group": story::TEA, "cid": "2", "text": "again"});
    assert_eq!(bert.ask(again, "ack").await["seq"], 4, "{version}");
    let add = json!({"type": "add", "id": 4, "group": story::TEA, "users": ["dora"]});
    story::make_dora(&hub).await;
    anna.ask(add, "ok").await;
}

#[tokio::test]
async fn sqlite_of_each_version_is_opened() {
    if is_to_be_written() {
        let scratch = scratch::directory("data");
        let path = scratch.path().join("hubbub.db");
        let store = SqliteStore::open(&path).unwrap();
        store.prepare(PARTITIONS).await.unwrap();
        story::tell(&store).await;
        drop(store);
        std::fs::write(file(PRESENT, "sqlite.sql"), kept::sqlite(&path)).unwrap();
    }
    for version in versions() {
        let scratch = scratch::directory("data");
        let path = scratch.path().join("hubbub.db");
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch(&std::fs::read_to_string(file(&version, "sqlite.sql")).unwrap()).unwrap();
        drop(db);
        let store = Arc::new(SqliteStore::open(&path).unwrap());
        store.prepare(PARTITIONS).await.unwrap();
        story::is_there(&*store, &version).await;
        people_go_on(store, &version).await;
    }
}

async fn open(space: &MongoSpace) -> MongoStore {
    MongoStore::connect(&MongoConfig::new(&space.url, &space.database)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mongodb_of_each_version_is_opened_or_refused_with_a_reason() {
    if is_to_be_written() {
        let space = shared::mongodb().await;
        let store = open(&space).await;
        store.prepare(PARTITIONS).await.unwrap();
        story::tell(&store).await;
        let database = mongo::client(&space.url).await.database(&space.database);
        std::fs::write(file(PRESENT, "mongodb.jsonl"), kept::mongodb(&database).await).unwrap();
    }
    for version in versions() {
        let space = shared::mongodb().await;
        let database = mongo::client(&space.url).await.database(&space.database);
        kept::load(&database, &std::fs::read_to_string(file(&version, "mongodb.jsonl")).unwrap()).await;
        let store = Arc::new(open(&space).await);
        let prepared = store.prepare(PARTITIONS).await;
        if version == UNREAD_IN_MONGODB {
            let Err(StartError::Never(why)) = prepared else { panic!("{prepared:?}") };
            assert!(why.contains("never released") && why.contains("empty database"), "{why}");
            continue;
        }
        prepared.unwrap();
        story::is_there(&*store, &version).await;
        people_go_on(store, &version).await;
    }
}
