//! The suite over MongoDB, and what only MongoDB can show.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub::adapters::mongodb::{MongoConfig, MongoStore};
use hubbub::domain::{Base, Event, GroupId};
use hubbub::ports::{Inserted, MessageStore, Page, StartError, Store, StoreError, StoreHealth};
use mongodb::bson::{Bson, Document, doc, serialize_to_bson};
use serde_json::Value;

use super::sample::{seqs, text, texts};
use super::{Fixture, PARTITIONS, store_suite};
use crate::support::shared::{self, MongoSpace};
use crate::support::{MongoServer, eventually};

struct Mongo {
    space: MongoSpace,
    store: Arc<dyn Store>,
}

impl Mongo {
    async fn open(space: &MongoSpace) -> Arc<dyn Store> {
        Arc::new(MongoStore::connect(&MongoConfig::new(&space.url, &space.database)).await.unwrap())
    }

    /// The database past the store.
    async fn database(&self) -> mongodb::Database {
        crate::support::mongo::client(&self.space.url).await.database(&self.space.database)
    }
}

impl Fixture for Mongo {
    async fn new() -> Self {
        let space = shared::mongodb().await;
        let store = Self::open(&space).await;
        store.prepare(PARTITIONS).await.unwrap();
        Self { space, store }
    }

    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    async fn reopen(&mut self) {
        self.store = Self::open(&self.space).await;
    }

    async fn write_as_a_later_version(&self, group: &GroupId, fields: &[(&str, &str)], members: Value) {
        let mut set = doc! { "members": serialize_to_bson(&members).unwrap() };
        set.extend(fields.iter().map(|(field, value)| ((*field).to_owned(), Bson::from(*value))));
        let groups = self.database().await.collection::<Document>("groups");
        let done = groups.update_one(doc! { "_id": group.as_str() }, doc! { "$set": set }).await.unwrap();
        assert_eq!(done.matched_count, 1);
    }

    async fn written(&self, group: &GroupId, field: &str) -> Value {
        let groups = self.database().await.collection::<Document>("groups");
        let document = groups.find_one(doc! { "_id": group.as_str() }).await.unwrap().unwrap();
        serde_json::to_value(document.get(field).unwrap()).unwrap()
    }
}

store_suite!(Mongo);

/// A store on a server of its own, with timeouts that a test can wait for.
async fn own_server() -> (MongoServer, MongoStore) {
    let server = MongoServer::start().await;
    let mut config = MongoConfig::new(server.url(), "hubbub");
    config.connect_timeout = Duration::from_millis(300);
    config.operation_timeout = Duration::from_millis(1_000);
    let store = MongoStore::connect(&config).await.unwrap();
    store.prepare(PARTITIONS).await.unwrap();
    (server, store)
}

#[tokio::test]
async fn a_document_too_large_is_refused_alone() {
    let fixture = Mongo::new().await;
    let group = GroupId::random();
    let large = Event { text: Some("x".repeat(17 << 20)), ..text(&group, 2) };
    // Several of these do not fit one command either.
    let big = |seq| Event { text: Some("y".repeat(5 << 20)), ..text(&group, seq) };
    let events = [text(&group, 1), large, big(3), big(4), text(&group, 5)];
    let answers = fixture.store.insert(&events).await.unwrap();
    assert!(matches!(&answers[1], Inserted::Refused(why) if why.contains("larger than")), "{:?}", answers[1]);
    for at in [0, 2, 3, 4] {
        assert_eq!(answers[at], Inserted::Stored);
        assert_eq!(fixture.store.event(&group, events[at].seq).await.unwrap().as_ref(), Some(&events[at]));
    }
}

/// Whoever makes the indexes holds a lease; others wait, and nobody waits where none is missing.
#[tokio::test]
async fn indexes_are_made_by_one_node_at_a_time() {
    let space = shared::mongodb().await;
    let fixture = Mongo { store: Mongo::open(&space).await, space };
    let database = fixture.database().await;
    let meta = database.collection::<Document>("meta");
    let far = i64::MAX / 2;
    let lease = doc! { "_id": "indexes", "node": "another", "until": far, "v": 1 };
    meta.insert_one(&lease).await.unwrap();
    let waits = fixture.store.prepare(PARTITIONS).await.unwrap_err();
    assert!(matches!(&waits, StartError::NotYet(why) if why.contains("another node is making them")), "{waits}");
    // Its node died, and its time is over.
    meta.update_one(doc! { "_id": "indexes" }, doc! { "$set": { "until": 1_i64 } }).await.unwrap();
    fixture.store.prepare(PARTITIONS).await.unwrap();
    let messages = database.collection::<Document>("messages");
    let names = messages.list_index_names().await.unwrap();
    assert!(
        ["group_1_from_1_cid_1", "group_1_place_-1"].iter().all(|name| names.iter().any(|n| n == name)),
        "{names:?}"
    );
    assert_eq!(meta.count_documents(doc! { "_id": "indexes" }).await.unwrap(), 0, "the lease is given back");

    meta.insert_one(&lease).await.unwrap();
    fixture.store.prepare(PARTITIONS).await.unwrap();
    messages.drop_index("group_1_place_-1").await.unwrap();
    assert!(matches!(fixture.store.prepare(PARTITIONS).await, Err(StartError::NotYet(_))));
}

#[tokio::test]
async fn a_long_page_comes_whole() {
    let fixture = Mongo::new().await;
    let group = GroupId::random();
    fixture.store.insert(&texts(&group, 2_500)).await.unwrap();
    let events = fixture.store.page(&group, Page::Before(2_400, 2_300)).await.unwrap();
    assert!(seqs(&events).into_iter().eq(100..2_400));
}

#[tokio::test]
async fn a_newer_document_is_an_error() {
    let fixture = Mongo::new().await;
    let group = GroupId::random();
    fixture.store.insert(&texts(&group, 1)).await.unwrap();
    let messages = fixture.database().await.collection::<Document>("messages");
    messages.update_one(doc! { "group": group.as_str() }, doc! { "$set": { "v": 9 } }).await.unwrap();
    let error = fixture.store.event(&group, 1).await.unwrap_err();
    assert!(matches!(&error, StoreError::Refused(why) if why.contains("has version 9")), "{error}");
}

#[tokio::test]
async fn a_group_of_an_older_hubbub_is_in_its_first_life() {
    let fixture = Mongo::new().await;
    let (store, made) = (&fixture.store, super::sample::group(&["anna"]));
    assert!(store.create_group(&made).await.unwrap());
    let groups = fixture.database().await.collection::<Document>("groups");
    let older = doc! { "$unset": { "base": 1, "base_n": 1 } };
    groups.update_one(doc! { "_id": made.id.as_str() }, older).await.unwrap();
    assert_eq!(store.group(&made.id).await.unwrap(), Some(made.clone()));
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    store.finish_deletion(&made.id, &deletion, Base { seq: 3, n: 1 }).await.unwrap();
    assert!(store.create_group(&made).await.unwrap());
    assert_eq!(store.group(&made.id).await.unwrap().unwrap().first, 4);
}

#[tokio::test]
async fn the_single_nodes_lease_has_one_holder() {
    let fixture = Mongo::new().await;
    let hold = async |node, ms| fixture.store.hold_single_node_lease(node, ms).await.unwrap();
    assert!(hold("one", 60_000).await);
    assert!(hold("one", 60_000).await);
    assert!(!hold("two", 60_000).await);
    assert!(hold("one", 0).await);
    eventually("the lease runs out", async || if hold("two", 60_000).await { Ok(()) } else { Err("still held") }).await;
    assert!(!hold("one", 60_000).await);
}

#[tokio::test]
async fn an_abandoned_username_is_free_again() {
    use super::sample::{profile, user};
    use hubbub::ports::UserStore;
    let fixture = Mongo::new().await;
    let accounts = fixture.database().await.collection::<Document>("accounts");
    let claim = |time: i64| doc! { "_id": "anna", "user": "gone", "time": time, "v": 1 };
    accounts.insert_one(claim(hubbub::domain::now_ms())).await.unwrap();
    let make = async |id| fixture.store.create_account(&user(id), &profile("anna", "A"), "h").await;
    assert!(!make("u1").await.unwrap(), "somebody may be about to make this account");
    accounts.delete_one(doc! { "_id": "anna" }).await.unwrap();
    accounts.insert_one(claim(1)).await.unwrap();
    assert!(make("u2").await.unwrap());
    assert!(!make("u3").await.unwrap());
    let anna = UserStore::user_by_username(&*fixture.store, "anna").await.unwrap().unwrap();
    assert_eq!(anna.id, user("u2"));
}

/// Users of before are found as they were, and by the form for searches once a node has filled it in.
#[tokio::test]
async fn usernames_of_before_are_given_their_forms() {
    use super::sample::{profile, user};
    let fixture = Mongo::new().await;
    let (store, database) = (&fixture.store, fixture.database().await);
    let (users, accounts) = (database.collection::<Document>("users"), database.collection::<Document>("accounts"));
    for (id, username) in [("u1", "straße"), ("u2", "änne"), ("u3", "anna")] {
        assert!(store.create_account(&user(id), &profile(username, "N"), "hash").await.unwrap());
    }
    let absent =
        doc! { "_id": "u4", "username": "", "name": "", "banned": false, "groups": {}, "created": 1_i64, "v": 1 };
    users.insert_one(absent).await.unwrap();
    users.update_many(doc! {}, doc! { "$unset": { "search": 1, "words": 1 } }).await.unwrap();
    database.collection::<Document>("words").delete_many(doc! {}).await.unwrap();
    accounts.delete_one(doc! { "_id": "strasse" }).await.unwrap();
    accounts.insert_one(doc! { "_id": "straße", "user": "u1", "time": 1_i64, "v": 1 }).await.unwrap();
    let found = async |typed| {
        let found = store.find_users(typed, 9).await.unwrap();
        found.iter().map(|user| user.id.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        [found("STRASS").await, found("Straß").await, found("an").await, found("").await],
        ["", "u1", "u3", "u3 u2 u1"]
    );
    let named = async |username| store.user_by_username(username).await.unwrap().map(|user| user.id.to_string());
    assert_eq!([named("STRAßE").await.as_deref(), named("ÄNNE").await.as_deref()], [Some("u1"), Some("u2")]);
    assert!(!store.create_account(&user("u5"), &profile("straße", "N"), "hash").await.unwrap());

    assert!(store.find_words("n", None, 9).await.unwrap().is_empty());

    store.prepare(PARTITIONS).await.unwrap();
    let filled = async || match users.count_documents(doc! { "search": null, "username": { "$gt": "" } }).await {
        Ok(0) => Ok(()),
        left => Err(format!("{left:?} without it")),
    };
    eventually("the forms are filled in", filled).await;
    assert_eq!([found("STRASS").await, found("Straß").await, found("an").await], ["u1", "u1", "u3 u2"]);
    let places = store.find_words("n", None, 9).await.unwrap();
    assert_eq!(places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["n.u1", "n.u2", "n.u3"]);
    assert_eq!(named("strasse").await.as_deref(), Some("u1"));
    assert!(!store.create_account(&user("u5"), &profile("STRASSE", "N"), "hash").await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_soon() {
    let port = crate::support::ports::Port::reserve();
    let mut config = MongoConfig::new(format!("mongodb://user:geheim@{}/", port.address()), "hubbub");
    config.connect_timeout = Duration::from_millis(200);
    let error = MongoStore::connect(&config).await.err().unwrap();
    let StartError::NotYet(error) = error else { panic!("it may come to be: {error}") };
    assert!(error.contains(&port.address()), "{error}");
    assert!(!error.contains("geheim") && !format!("{config:?}").contains("geheim"), "{error}");
    config.url = "http://elsewhere".into();
    let error = MongoStore::connect(&config).await.err().unwrap();
    assert!(matches!(&error, StartError::Never(why) if why.contains("URL")), "{error}");
}

#[tokio::test]
async fn a_killed_server_is_an_error_and_then_none() {
    let (mut server, store) = own_server().await;
    let group = GroupId::random();
    assert_eq!(store.insert(&[text(&group, 1)]).await.unwrap(), [Inserted::Stored]);
    server.kill();
    let second = text(&group, 2);
    let asked = Instant::now();
    let answer = store.insert(std::slice::from_ref(&second)).await;
    assert!(matches!(answer, Err(StoreError::Unreachable(_))), "{answer:?}");
    assert!(matches!(store.ping().await, Err(StoreError::Unreachable(_))));
    assert!(matches!(store.head(&group).await, Err(StoreError::Unreachable(_))));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    server.restart().await;
    eventually("the store answers again", async || store.ping().await).await;
    assert_eq!(store.head(&group).await.unwrap().seq, 1);
    assert_eq!(store.insert(&[second]).await.unwrap(), [Inserted::Stored]);
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let (server, store) = own_server().await;
    let group = GroupId::random();
    server.pause();
    let event = text(&group, 1);
    let asked = Instant::now();
    let answer = store.insert(std::slice::from_ref(&event)).await;
    assert!(matches!(answer, Err(StoreError::Unreachable(_))), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    server.resume();
    eventually("the store answers again", async || store.ping().await).await;
    // The insert may have arrived after all: it is there once, or can be repeated.
    let again = store.insert(std::slice::from_ref(&event)).await.unwrap();
    assert!(matches!(again[..], [Inserted::Stored | Inserted::Duplicate]), "{again:?}");
    assert_eq!(store.page(&group, Page::After(0, 10)).await.unwrap(), [event]);
}
