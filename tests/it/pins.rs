//! Pins through the whole hub: who may, what about, what it comes to, in both encodings, in pages, lists and `last`.

use std::sync::Arc;

use bytes::Bytes;
use hubbub::adapters::local::LocalBackplane;
use hubbub::adapters::sqlite::SqliteStore;
use hubbub::domain::{Cid, GroupId, Kind, NodeName, Seq, UserId};
use hubbub::hub::{HistoryQuery, Hub, HubConfig, Metrics};
use hubbub::ports::{Append, Log, Standing, Store};
use serde_json::{Value, json};

use crate::people::{Client, NameIsToken, make_group};

struct Board {
    hub: Arc<Hub>,
    backplane: Arc<LocalBackplane>,
    group: GroupId,
    anna: Client,
    bob: Client,
    _dir: tempfile::TempDir,
}

impl Board {
    /// A group of anna, its admin, and bob.
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(dir.path().join("hubbub.db")).unwrap());
        let backplane = Arc::new(LocalBackplane::new());
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        let config = HubConfig::default();
        store.prepare(config.partitions).await.unwrap();
        let hub = Hub::new(config, store, backplane.clone(), Arc::new(NameIsToken), metrics);
        hub.start().await.unwrap();
        let (mut anna, _) = Client::hello(&hub, "anna").await;
        let (bob, _) = Client::hello(&hub, "bob").await;
        let group = GroupId::parse(&make_group(&mut anna, &["bob"]).await).unwrap();
        Self { hub, backplane, group, anna, bob, _dir: dir }
    }

    async fn say(&mut self, cid: &str) -> Seq {
        let frame = json!({"type": "send", "id": cid, "group": self.group.as_str(), "cid": cid, "text": cid});
        self.anna.ask(frame, "ack").await["seq"].as_u64().unwrap()
    }

    fn pin(&self, cid: &str, reference: &str, data: Value) -> Value {
        json!({"type": "send", "id": cid, "group": self.group.as_str(), "cid": cid, "kind": "pinned",
               "ref": reference, "data": data})
    }

    fn set(&self, cid: &str, target: Seq, on: bool) -> Value {
        self.pin(cid, &self.group.event_id(target), json!({"on": on}))
    }

    /// What anna and bob are told is pinned, newest first.
    async fn pins(&mut self) -> Vec<Seq> {
        let ask = json!({"type": "pins", "id": "p", "group": self.group.as_str()});
        let of_anna = seqs(&self.anna.ask(ask.clone(), "pins").await["messages"]);
        let of_bob = seqs(&self.bob.ask(ask, "pins").await["messages"]);
        assert_eq!(of_anna, of_bob);
        of_anna
    }

    /// An entry of the log that no door let in.
    async fn append(&self, cid: &str, reference: &str) {
        let append = Append {
            group: self.group.clone(),
            from: UserId::parse("anna").unwrap(),
            cid: Cid::parse(cid).unwrap(),
            kind: Kind::Pinned,
            traits: Kind::Pinned.traits(),
            body: Bytes::from(rmp_serde::to_vec_named(&json!({"v": 1, "r": reference, "d": {"on": true}})).unwrap()),
            standing: Standing::Admin,
        };
        let partition = self.group.partition(self.hub.config().partitions);
        self.backplane.append(partition, &NodeName::parse("elsewhere.1").unwrap(), &[append]).await.unwrap();
    }
}

fn seqs(messages: &Value) -> Vec<Seq> {
    messages.as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn what_is_pinned_is_listed_and_marked_until_it_is_taken_back() {
    let mut board = Board::open().await;
    let (first, second) = (board.say("first").await, board.say("second").await);
    for target in [first, second] {
        let pin = board.set(&format!("pin {target}"), target, true);
        board.anna.ask(pin, "ack").await;
    }
    let told = loop {
        let message = board.bob.next("message").await;
        if message["kind"] == "pinned" {
            break message;
        }
    };
    assert_eq!((&told["ref"], &told["data"]), (&json!(board.group.event_id(first)), &json!({"on": true})));
    assert_eq!((&told["shown"], &told["n"]), (&json!(false), &json!(2)));
    assert_eq!(board.pins().await, [second, first]);
    let history = json!({"type": "history", "id": 1, "group": board.group.as_str()});
    let page = board.bob.ask(history.clone(), "history").await;
    let marked: Vec<Seq> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|m| m["pinned"] == true)
        .map(|m| m["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(marked, [first, second]);
    let query = HistoryQuery::Numbered { page: 0, per_page: 1 };
    let shown = board.hub.history(&UserId::parse("bob").unwrap(), &board.group, query).await.unwrap();
    assert!(shown.messages[0].seq == second && shown.messages[0].state.pin.is_on());
    // `last` is what is shown, with its state, for who is here and for who comes.
    for (cid, on) in [("back", false), ("again", true)] {
        let groups = board.bob.ask(json!({"type": "groups", "id": 1}), "groups").await;
        assert_eq!(
            (&groups["groups"][0]["last"]["seq"], groups["groups"][0]["last"]["pinned"] == true),
            (&json!(second), !on)
        );
        let (_, welcome) = Client::hello(&board.hub, "bob").await;
        assert_eq!(
            (&welcome["groups"][0]["last"]["seq"], welcome["groups"][0]["last"]["pinned"] == true),
            (&json!(second), !on)
        );
        let frame = board.set(cid, second, on);
        board.anna.ask(frame, "ack").await;
    }
    let frame = board.set("first back", first, false);
    board.anna.ask(frame, "ack").await;
    assert_eq!(board.pins().await, [second]);
}

#[tokio::test]
async fn who_may_not_and_what_cannot_be_pinned_is_refused() {
    let mut board = Board::open().await;
    let first = board.say("first").await;
    let frame = board.set("bobs", first, true);
    assert_eq!(board.bob.refused(frame).await, "forbidden");
    let other = GroupId::random();
    let group = board.group.clone();
    let id = |seq: Seq| group.event_id(seq);
    for (reference, data, code) in [
        (id(first), json!({}), "bad_frame"),
        (id(first), json!({"on": 1}), "bad_frame"),
        (other.event_id(1), json!({"on": true}), "bad_frame"),
        ("first".into(), json!({"on": true}), "bad_frame"),
        (id(first + 9), json!({"on": true}), "not_found"),
        (id(1), json!({"on": true}), "not_found"),
    ] {
        let frame = board.pin("wrong", &reference, data.clone());
        assert_eq!(board.anna.refused(frame).await, code, "{reference} {data}");
    }
    let mut textual = board.set("text", first, true);
    textual["text"] = json!("why");
    assert_eq!(board.anna.refused(textual).await, "bad_frame");
    let mut bare = board.set("bare", first, true);
    bare.as_object_mut().unwrap().remove("ref");
    assert_eq!(board.anna.refused(bare).await, "bad_frame");
    assert_eq!(board.pins().await, [0; 0]);
    let elsewhere = json!({"type": "pins", "id": 1, "group": other.as_str()});
    assert_eq!(board.bob.refused(elsewhere).await, "forbidden");
}

#[tokio::test]
async fn either_of_two_pins_in_a_direct_chat() {
    let mut board = Board::open().await;
    let said = board.bob.ask(json!({"type": "send", "id": 1, "to": "anna", "cid": "hi", "text": "hi"}), "ack").await;
    let group = said["group"].as_str().unwrap();
    let reference = format!("{group}:{}", said["seq"]);
    for (client, cid) in [(&mut board.anna, "annas"), (&mut board.bob, "bobs")] {
        let frame = json!({"type": "send", "id": 2, "group": group, "cid": cid, "kind": "pinned", "ref": reference, "data": {"on": true}});
        client.ask(frame, "ack").await;
    }
    let pins = board.bob.ask(json!({"type": "pins", "id": 3, "group": group}), "pins").await;
    assert_eq!(seqs(&pins["messages"]), [said["seq"].as_u64().unwrap()]);
}

/// What passed a door and may not stand when its turn comes is a void that tells nobody anything but its sender, who
/// gets the same code however often the send is repeated.
#[tokio::test]
async fn what_may_not_stand_in_its_turn_is_refused_for_ever() {
    let mut board = Board::open().await;
    let first = board.say("first").await;
    let group = board.group.clone();
    // Of the future, of a kind that cannot be pinned, of another group; of what is void itself.
    let wrong = [
        ("future", group.event_id(first + 50)),
        ("joined", group.event_id(1)),
        ("elsewhere", GroupId::random().event_id(1)),
        ("void", group.event_id(first + 1)),
    ];
    for (cid, reference) in &wrong {
        board.append(cid, reference).await;
    }
    let end = board.say("end").await;
    assert_eq!(end, first + 5);
    let page =
        board.bob.ask(json!({"type": "history", "id": 1, "group": group.as_str(), "after": first}), "history").await;
    for message in &page["messages"].as_array().unwrap()[..4] {
        assert_eq!(
            (&message["kind"], &message["from"], &message["shown"]),
            (&json!("void"), &json!("hub.system"), &json!(false))
        );
        assert!(message.get("data").is_none() && message.get("cid").is_none(), "{message}");
    }
    assert_eq!(board.pins().await, [0; 0]);
    for _ in 0..2 {
        for (cid, code) in
            [("future", "not_found"), ("joined", "not_found"), ("elsewhere", "bad_frame"), ("void", "not_found")]
        {
            // With a reference that is right: the first send with the cid stands.
            let frame = board.set(cid, first, true);
            assert_eq!(board.anna.refused(frame).await, code, "{cid}");
        }
    }
    assert_eq!(board.pins().await, [0; 0]);
    let frame = board.set("new", first, true);
    board.anna.ask(frame, "ack").await;
    assert_eq!(board.pins().await, [first]);
}
