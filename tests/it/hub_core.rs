//! The hub's use cases over its embedded parts, without sockets: frames in, frames out.

use std::sync::Arc;
use std::time::Duration;

use hubbub::adapters::local::LocalBackplane;
use hubbub::adapters::sqlite::SqliteStore;
use hubbub::domain::{Code, Ending, UserId};
use hubbub::hub::{Flow, Hub, HubConfig, Metrics, Optional, Rate};
use hubbub::ports::Store;
use hubbub::protocol::Encoding;
use serde_json::json;

use crate::people::{Client, NameIsToken, make_group};

struct TestHub {
    hub: Arc<Hub>,
    _dir: tempfile::TempDir,
}

impl TestHub {
    async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    async fn open_with(change: impl FnOnce(&mut HubConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let hub = Self::start(&dir, change).await;
        Self { hub, _dir: dir }
    }

    async fn start(dir: &tempfile::TempDir, change: impl FnOnce(&mut HubConfig)) -> Arc<Hub> {
        let store = Arc::new(SqliteStore::open(dir.path().join("hubbub.db")).unwrap());
        let backplane = Arc::new(LocalBackplane::new());
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        let mut config = HubConfig { session_rate: Rate { burst: 10_000, per_second: 10_000 }, ..HubConfig::default() };
        config.user_rate = config.session_rate;
        change(&mut config);
        store.prepare(config.partitions).await.unwrap();
        let hub = Hub::new(config, store, backplane, Arc::new(NameIsToken), metrics, Optional::default());
        hub.start().await.unwrap();
        hub
    }

    /// Users who are known to the hub.
    async fn people(&self, names: &[&str]) -> Vec<Client> {
        let mut people = Vec::new();
        for name in names {
            people.push(Client::hello(&self.hub, name).await.0);
        }
        people
    }
}

#[tokio::test]
async fn a_message_reaches_every_member_in_order_and_is_acked() {
    let house = TestHub::open().await;
    let mut people = house.people(&["anna", "bob", "carl"]).await;
    let group = make_group(&mut people[0], &["bob", "carl"]).await;
    for client in &mut people[1..] {
        let told = client.next("group").await;
        assert_eq!(told["id"], group.as_str());
    }
    for i in 0..50 {
        let sender = &mut people[i % 3];
        let frame = json!({"type": "send", "id": i, "group": group, "cid": format!("c{i}"), "text": format!("t{i}")});
        let ack = sender.ask(frame, "ack").await;
        assert_eq!(ack["re"], i);
    }
    for client in &mut people {
        let texts = client.texts(50).await;
        assert!(texts.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0), "{texts:?}");
        assert!(texts.iter().enumerate().all(|(i, (_, text))| *text == format!("t{i}")));
    }
}

#[tokio::test]
async fn a_repeated_send_is_acked_with_the_first_seq() {
    let house = TestHub::open().await;
    let mut people = house.people(&["anna", "bob"]).await;
    let group = make_group(&mut people[0], &["bob"]).await;
    let first = people[0].ask(json!({"type": "send", "group": group, "cid": "same", "text": "one"}), "ack").await;
    let again = people[0].ask(json!({"type": "send", "group": group, "cid": "same", "text": "two"}), "ack").await;
    assert_eq!(first["seq"], again["seq"]);
    let history = people[1].ask(json!({"type": "history", "group": group}), "history").await;
    let texts: Vec<_> = history["messages"].as_array().unwrap().iter().filter(|m| m["kind"] == "text").collect();
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0]["text"], "one");
}

#[tokio::test]
async fn what_the_store_refuses_is_told_and_counted() {
    let house = TestHub::open().await;
    let faults = async || house.hub.overview().await.nodes[0].vitals.faults.get("store_error").copied();
    assert_eq!(faults().await, None);
    let refusal = house.hub.ban(&UserId::parse("nobody").unwrap(), true).await.unwrap_err();
    assert_eq!((refusal.code, faults().await), (Code::Internal, Some(1)));
}

#[tokio::test]
async fn a_resuming_session_gets_what_it_missed_and_goes_on_live() {
    let house = TestHub::open().await;
    let mut people = house.people(&["anna", "bob"]).await;
    let group = make_group(&mut people[0], &["bob"]).await;
    let bob = people.pop().unwrap();
    bob.session.end().await;
    let mut anna = people.pop().unwrap();
    for i in 0..1_200 {
        anna.say(json!({"type": "send", "group": group, "cid": format!("{i}"), "text": format!("{i}")})).await;
        if i % 100 == 99 {
            for _ in 0..100 {
                anna.next("ack").await;
            }
        }
    }
    let (mut bob, welcome) = Client::resume(&house.hub, "bob", json!({group.clone(): 700})).await;
    let head = welcome["groups"][0]["head"].as_u64().unwrap();
    assert_eq!(welcome["groups"][0]["unread"], 1_200);
    anna.say(json!({"type": "send", "group": group, "cid": "live", "text": "live"})).await;
    let texts = bob.texts((head - 700) as usize + 1).await;
    assert_eq!(texts.first().unwrap().0, 701);
    assert!(texts.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
    assert_eq!(texts.last().unwrap().1, "live");

    let (mut late, _) = Client::resume(&house.hub, "bob", json!({group.clone(): 1})).await;
    let gap = late.next("gap").await;
    assert_eq!((gap["reason"].as_str(), gap["from"].as_u64()), (Some("too_many"), Some(2)));
    let texts = late.texts(1_000).await;
    assert_eq!(texts.first().unwrap().0, gap["to"].as_u64().unwrap() + 1);

    let (mut ahead, _) = Client::resume(&house.hub, "bob", json!({group.clone(): 99_999})).await;
    assert_eq!(ahead.next("gap").await["reason"], "reset");
}

#[tokio::test]
async fn whoever_joins_a_group_that_all_have_left_is_its_admin() {
    let house = TestHub::open().await;
    let mut people = house.people(&["anna", "bob", "carl"]).await;
    let create = json!({"type": "create", "id": 1, "name": "tea", "access": "open", "members": []});
    let group = people[0].ask(create, "group").await["id"].clone();
    let frame = |what: &str| json!({"type": what, "group": group, "users": ["carl"]});
    people[0].ask(frame("leave"), "ok").await;
    assert_eq!(people[0].refused(frame("add")).await, "forbidden");
    people[1].ask(frame("join"), "ok").await;
    people[1].ask(frame("add"), "ok").await;
    people[2].next("group").await;
}

/// Neither adds it anybody once there was a say in who is in, nor shows it them to one who left.
#[tokio::test]
async fn a_repeated_create_adds_nobody_to_what_others_have_taken_over() {
    let house = TestHub::open().await;
    let mut people = house.people(&["carl", "bob", "mallory"]).await;
    let create =
        |id, members: &[&str]| json!({"type": "create", "id": id, "name": "tea", "cid": "c1", "members": members});
    let made = people[0].ask(create(1, &[]), "group").await["id"].clone();
    people[0].ask(json!({"type": "add", "id": 2, "group": made, "users": ["bob"]}), "ok").await;
    people[0].ask(json!({"type": "leave", "id": 3, "group": made}), "ok").await;
    people[1].next("group").await;
    people[0].say(create(9, &["mallory"])).await;
    let answer = loop {
        let group = people[0].next("group").await;
        if group["re"] == 9 {
            break group;
        }
    };
    assert_eq!((&answer["id"], &answer["gone"], &answer["members"]), (&made, &json!(true), &json!(null)));
    for outsider in [0, 2] {
        let send = json!({"type": "send", "id": 4, "group": made, "cid": "x", "text": "x"});
        assert_eq!(people[outsider].refused(send).await, "forbidden");
    }
    let mut history = people[1].ask(json!({"type": "history", "group": made}), "history").await;
    let kinds: Vec<_> = history["messages"].as_array_mut().unwrap().iter_mut().map(|m| m["kind"].take()).collect();
    assert_eq!(kinds, ["joined", "joined", "left", "role"]);
}

#[tokio::test]
async fn a_repeated_create_is_answered_whoever_may_not_join_any_more() {
    let house = TestHub::open_with(|config| config.max_groups = 1).await;
    let mut people = house.people(&["anna", "bob"]).await;
    let create = |id, cid: &str, members: &[&str]| json!({"type": "create", "id": id, "name": "tea", "cid": cid, "members": members});
    let made = people[0].ask(create(1, "c1", &["bob"]), "group").await["id"].clone();
    people[0].ask(json!({"type": "remove", "id": 2, "group": made, "users": ["bob"]}), "ok").await;
    people[1].ask(create(3, "c2", &[]), "group").await;
    // As if the first answer had been lost.
    people[0].say(create(4, "c1", &["bob"])).await;
    let answer = loop {
        let answer = people[0].next_of(&["group", "error"]).await;
        if answer["re"] == 4 {
            break answer;
        }
    };
    assert_eq!((&answer["id"], &answer["count"]), (&made, &json!(1)), "{answer}");
    assert_eq!(people[0].refused(create(5, "c3", &["bob"])).await, "too_large");
}

#[tokio::test]
async fn members_come_and_go_as_events() {
    let house = TestHub::open().await;
    let mut people = house.people(&["anna", "bob", "carl"]).await;
    let group = make_group(&mut people[0], &["bob"]).await;
    people[1].next("group").await;
    assert_eq!(people[1].refused(json!({"type": "add", "group": group, "users": ["carl"]})).await, "forbidden");
    assert_eq!(people[2].refused(json!({"type": "send", "group": group, "cid": "x", "text": "x"})).await, "forbidden");
    people[0].ask(json!({"type": "add", "id": 5, "group": group, "users": ["carl"]}), "ok").await;
    assert_eq!(people[2].next("group").await["id"], group.as_str());
    let joined = people[2].next("message").await;
    assert_eq!((joined["kind"].as_str(), &joined["data"]["users"]), (Some("joined"), &json!(["carl"])));
    people[0].ask(json!({"type": "remove", "id": 6, "group": group, "users": ["carl"]}), "ok").await;
    let gone = people[2].next("group").await;
    assert_eq!(gone["gone"], true);
    assert_eq!(people[2].refused(json!({"type": "history", "group": group})).await, "forbidden");
    // The last admin leaves; the other member is one then.
    people[0].ask(json!({"type": "leave", "id": 7, "group": group}), "ok").await;
    people[1].ask(json!({"type": "add", "id": 8, "group": group, "users": ["carl"]}), "ok").await;
}

#[tokio::test]
async fn a_direct_chat_is_one_however_many_open_it() {
    let house = TestHub::open().await;
    let mut people = house.people(&["anna", "bob"]).await;
    let (left, right) = people.split_at_mut(1);
    let (anna, bob) = (&mut left[0], &mut right[0]);
    tokio::join!(
        anna.say(json!({"type": "send", "to": "bob", "cid": "a", "text": "from anna"})),
        bob.say(json!({"type": "send", "to": "anna", "cid": "b", "text": "from bob"})),
    );
    let (one, two) = (anna.next("ack").await, bob.next("ack").await);
    assert_eq!(one["group"], two["group"]);
    let texts = anna.texts(2).await;
    assert_eq!(texts, bob.texts(2).await);
    let group = one["group"].as_str().unwrap();
    assert_eq!(anna.refused(json!({"type": "leave", "group": group})).await, "forbidden");
    assert_eq!(anna.refused(json!({"type": "send", "to": "nobody", "cid": "z", "text": ""})).await, "not_found");
}

#[tokio::test]
async fn watchers_see_presence_typing_and_receipts() {
    let house = TestHub::open().await;
    let mut people = house.people(&["anna", "bob"]).await;
    let group = make_group(&mut people[0], &["bob"]).await;
    people[1].next("group").await;
    let shown = people[0].ask(json!({"type": "watch", "id": 2, "groups": [group]}), "presence").await;
    let online: Vec<_> = shown["users"].as_array().unwrap().iter().map(|user| user["online"].clone()).collect();
    assert_eq!(online, [true, true]);
    people[1].say(json!({"type": "typing", "group": group})).await;
    assert_eq!(people[0].next("typing").await["user"], "bob");
    let ack = people[0].ask(json!({"type": "send", "group": group, "cid": "1", "text": "hi"}), "ack").await;
    people[1].texts(1).await;
    people[1].ask(json!({"type": "read", "id": 3, "group": group, "seq": ack["seq"]}), "ok").await;
    let receipt = people[0].next("receipt").await;
    assert_eq!((receipt["user"].as_str(), &receipt["read"]), (Some("bob"), &ack["seq"]));
    people.pop().unwrap().session.end().await;
    loop {
        let shown = people[0].next("presence").await;
        if shown["users"][0]["id"] == "bob" && shown["users"][0]["online"] == false {
            assert!(shown["users"][0]["last_seen"].as_i64().unwrap() > 0);
            break;
        }
    }
}

#[tokio::test]
async fn everything_stored_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let house = TestHub { hub: TestHub::start(&dir, |_| {}).await, _dir: tempfile::tempdir().unwrap() };
    let group = {
        let mut people = house.people(&["anna", "bob"]).await;
        let group = make_group(&mut people[0], &["bob"]).await;
        people[0].ask(json!({"type": "send", "group": group, "cid": "1", "text": "before"}), "ack").await;
        for client in people {
            client.session.end().await;
        }
        group
    };
    house.hub.drain().await;
    drop(house);
    let hub = TestHub::start(&dir, |_| {}).await;
    let (mut anna, welcome) = Client::resume(&hub, "anna", json!({group.clone(): 0})).await;
    assert_eq!(welcome["groups"][0]["last"]["text"], "before");
    assert_eq!(anna.texts(1).await[0].1, "before");
    let again = anna.ask(json!({"type": "send", "group": group, "cid": "1", "text": "again"}), "ack").await;
    assert_eq!(again["seq"], welcome["groups"][0]["head"]);
    let next = anna.ask(json!({"type": "send", "group": group, "cid": "2", "text": "after"}), "ack").await;
    assert!(next["seq"].as_u64() > welcome["groups"][0]["head"].as_u64());
}

#[tokio::test]
async fn what_is_older_than_the_retention_is_gone_and_resuming_clients_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let hub = TestHub::start(&dir, |_| {}).await;
    let mut anna = Client::hello(&hub, "anna").await.0;
    let group = make_group(&mut anna, &[]).await;
    for i in 0..5 {
        anna.ask(json!({"type": "send", "group": group, "cid": format!("{i}"), "text": format!("{i}")}), "ack").await;
    }
    anna.session.end().await;
    hub.drain().await;
    drop(hub);
    // A node removes what is too old when it starts, and then again and again.
    let hub = TestHub::start(&dir, |config| {
        config.retention = Some(Duration::from_millis(1));
        // Until it has, anna comes back as often as she can.
        config.hello_rate = Rate { burst: 1_000_000, per_second: 1_000_000 };
    })
    .await;
    let (mut gap, head) = loop {
        let (mut anna, welcome) = Client::resume(&hub, "anna", json!({group.clone(): 1})).await;
        let first = anna.next_of(&["gap", "message"]).await;
        anna.session.end().await;
        if first["type"] == "gap" {
            break (first, welcome["groups"][0]["head"].as_u64().unwrap());
        }
    };
    assert_eq!(gap["reason"].take(), "expired");
    assert_eq!((gap["from"].as_u64(), gap["to"].as_u64()), (Some(2), Some(head - 1)), "the newest always stays");
    let mut anna = Client::resume(&hub, "anna", json!({group.clone(): head})).await.0;
    let next = anna.ask(json!({"type": "send", "group": group, "cid": "next", "text": "next"}), "ack").await;
    assert_eq!(next["seq"].as_u64(), Some(head + 1));
}

#[tokio::test]
async fn strangers_bad_frames_and_floods_are_answered() {
    let house = TestHub::open_with(|config| config.session_rate = Rate { burst: 3, per_second: 1 }).await;
    let mut stranger = Client::connect(&house.hub, Encoding::Json);
    let flow = stranger.say(json!({"type": "ping"})).await;
    assert_eq!(flow, Flow::Close(Ending::NoHello));
    let mut stranger = Client::connect(&house.hub, Encoding::Json);
    let flow = stranger.say(json!({"type": "hello", "token": "not a name"})).await;
    assert_eq!(flow, Flow::Close(Ending::NoHello));
    assert_eq!(stranger.next("error").await["code"], "unauthorized");
    let (mut anna, _) = Client::hello(&house.hub, "anna").await;
    assert_eq!(anna.refused(json!({"type": "dance", "id": "x"})).await, "unsupported");
    assert_eq!(anna.refused(json!({"type": "send", "to": "bob"})).await, "bad_frame");
    anna.say(json!({"type": "ping", "id": 9})).await;
    let limited = anna.next("error").await;
    assert_eq!((limited["code"].as_str(), &limited["re"]), (Some("rate_limited"), &json!(9)));
    assert!(limited["retry_after"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_node_tells_of_itself_as_it_is_now() {
    // Its next beats are far away.
    let house = TestHub::open_with(|config| config.node_lease = Duration::from_secs(3_600)).await;
    let own = async || house.hub.overview().await.nodes.into_iter().next().expect("the node itself");
    assert_eq!(own().await.connections, 0);
    let anna = Client::hello(&house.hub, "anna").await.0;
    let seen = own().await;
    assert_eq!((seen.connections, seen.vitals.users), (1, 1));
    drop(anna);
}
