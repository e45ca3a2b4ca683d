//! Groups that are deleted and begin anew, on a hub with everything inside.

use std::sync::Arc;

use hubbub::adapters::local::LocalBackplane;
use hubbub::adapters::sqlite::SqliteStore;
use hubbub::domain::{Event, GroupId, Head, UserId};
use hubbub::hub::{HistoryQuery, Hub, HubConfig, Metrics, Optional};
use hubbub::ports::MessageStore;
use serde_json::{Value, json};

use crate::people::{Client, NameIsToken};

struct TestHub {
    hub: Arc<Hub>,
    store: Arc<SqliteStore>,
    backplane: Arc<LocalBackplane>,
    directory: tempfile::TempDir,
}

impl TestHub {
    async fn open() -> Self {
        Self::open_in(tempfile::tempdir().unwrap()).await
    }

    async fn open_in(directory: tempfile::TempDir) -> Self {
        let store = Arc::new(SqliteStore::open(directory.path().join("hubbub.db")).unwrap());
        let backplane = Arc::new(LocalBackplane::new());
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        let (config, tokens) = (HubConfig::default(), Arc::new(NameIsToken));
        let hub = Hub::new(config, store.clone(), backplane.clone(), tokens, metrics, Optional::default());
        hub.start().await.unwrap();
        Self { hub, store, backplane, directory }
    }

    /// The same data after a restart.
    async fn again(self) -> Self {
        self.hub.drain().await;
        drop((self.hub, self.store));
        Self::open_in(self.directory).await
    }

    async fn ann_and_bob(&self) -> [Client; 2] {
        [Client::hello(&self.hub, "ann").await.0, Client::hello(&self.hub, "bob").await.0]
    }

    async fn delete(&self, group: &str) {
        self.hub.delete_group(&GroupId::parse(group).unwrap()).await.unwrap();
    }

    /// The texts that a member is shown of a group.
    async fn texts(&self, user: &str, group: &str) -> Vec<String> {
        let (user, group) = (UserId::parse(user).unwrap(), GroupId::parse(group).unwrap());
        let page = self.hub.history(&user, &group, HistoryQuery::Numbered { page: 0, per_page: 50 }).await.unwrap();
        page.messages.into_iter().filter_map(|event| event.text).collect()
    }
}

fn to(user: &str, cid: &str, text: &str) -> Value {
    json!({"type": "send", "id": text, "to": user, "cid": cid, "text": text})
}

async fn told(client: &mut Client, gone: bool) -> Value {
    loop {
        let group = client.next("group").await;
        if group["gone"].as_bool().unwrap_or(false) == gone {
            return group;
        }
    }
}

#[tokio::test]
async fn a_direct_chat_is_begun_again_by_either_with_an_old_or_a_new_cid() {
    let mut house = TestHub::open().await;
    let [mut ann, mut bob] = house.ann_and_bob().await;
    let first = ann.ask(to("bob", "a", "first"), "ack").await;
    let group = first["group"].as_str().unwrap().to_owned();
    let mut last = bob.ask(to("ann", "b", "second"), "ack").await["seq"].as_u64().unwrap();
    for (life, lost) in [(1, false), (2, false), (3, true)] {
        house.delete(&group).await;
        told(&mut ann, true).await;
        told(&mut bob, true).await;
        let history = json!({"type": "history", "group": group});
        assert_eq!(ann.refused(history).await, "forbidden");
        if lost {
            ann.session.end().await;
            bob.session.end().await;
            house = house.again().await;
            [ann, bob] = house.ann_and_bob().await;
        }
        let (one, two) = if life % 2 == 0 { (&mut ann, &mut bob) } else { (&mut bob, &mut ann) };
        let (one_name, two_name) = if life % 2 == 0 { ("ann", "bob") } else { ("bob", "ann") };
        let cid = if life % 2 == 0 { "a" } else { "b" };
        let ack = one.ask(to(two_name, cid, &format!("again {life}")), "ack").await;
        let seq = ack["seq"].as_u64().unwrap();
        assert!(ack["group"] == group.as_str() && seq > last, "{ack} after {last}");
        let shown = told(two, false).await;
        assert!(shown["first"].as_u64().unwrap() > last, "{shown}");
        let answer = two.ask(to(one_name, &format!("new {life}"), "answer"), "ack").await;
        last = answer["seq"].as_u64().unwrap();
        assert_eq!(house.texts("ann", &group).await, [format!("again {life}"), "answer".to_owned()]);
        let repeated = one.ask(to(two_name, cid, "once more"), "ack").await;
        assert_eq!(repeated["seq"], ack["seq"]);
        // A session that begins now counts what is unread in this life.
        let (fresh, welcome) = Client::hello(&house.hub, one_name).await;
        let listed = &welcome["groups"][0];
        assert_eq!((&listed["head"], &listed["unread"]), (&answer["seq"], &json!(1)), "{listed}");
        assert!(listed["first"].as_u64().unwrap() < seq);
        fresh.session.end().await;
    }
}

#[tokio::test]
async fn a_chat_begins_anew_when_all_is_lost_that_is_remembered_of_it() {
    let house = TestHub::open().await;
    let [mut ann, mut bob] = house.ann_and_bob().await;
    let first = ann.ask(to("bob", "a", "first"), "ack").await;
    let group = first["group"].as_str().unwrap().to_owned();
    house.backplane.lose_everything();
    house.delete(&group).await;
    told(&mut ann, true).await;
    told(&mut bob, true).await;
    let ack = loop {
        ann.say(to("bob", "a", "again")).await;
        let answer = ann.next_of(&["ack", "error"]).await;
        if answer["type"] == "ack" {
            break answer;
        }
        assert_eq!(answer["code"], "unavailable");
    };
    assert!(ack["seq"].as_u64() > first["seq"].as_u64());
    assert_eq!(house.texts("bob", &group).await, ["again"]);
}

#[tokio::test]
async fn a_group_is_made_again_with_its_old_cid() {
    let house = TestHub::open().await;
    let [mut ann, mut bob] = house.ann_and_bob().await;
    let create = json!({"type": "create", "id": 1, "name": "tea", "members": ["bob"], "cid": "c"});
    let mut before = 0;
    for _ in 0..3 {
        ann.say(create.clone()).await;
        let made = loop {
            let answer = ann.next_of(&["group", "error"]).await;
            if answer["re"] == 1 {
                break answer;
            }
        };
        assert_eq!(made["count"], 2, "{made}");
        assert!(made["first"].as_u64().unwrap() > before);
        let group = made["id"].as_str().unwrap().to_owned();
        told(&mut bob, false).await;
        let ack = bob.ask(json!({"type": "send", "group": group, "cid": "same", "text": "x"}), "ack").await;
        assert_eq!(house.texts("ann", &group).await, ["x"]);
        before = ack["seq"].as_u64().unwrap();
        house.delete(&group).await;
        told(&mut ann, true).await;
        told(&mut bob, true).await;
        assert_eq!(ann.refused(json!({"type": "join", "group": group})).await, "not_found");
    }
}

#[tokio::test]
async fn what_is_left_of_deleted_groups_does_not_end_the_list_of_all_messages() {
    let house = TestHub::open().await;
    let [mut ann, _bob] = house.ann_and_bob().await;
    ann.ask(to("bob", "a", "first"), "ack").await;
    let left: Vec<Event> = (0..3).map(|_| Event::void(GroupId::random(), Head { seq: 1, ..Head::default() })).collect();
    house.store.insert(&left).await.unwrap();
    assert_eq!(house.hub.all_messages(0, 3).await.unwrap(), (Vec::new(), true));
    let (next, more) = house.hub.all_messages(1, 3).await.unwrap();
    assert!(next.iter().any(|event| event.text.as_deref() == Some("first")) && !more, "{next:?}");
}
