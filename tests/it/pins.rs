//! Pins through the whole hub: who may, what about, what it comes to, in both encodings, in pages, lists and `last`.

use bytes::Bytes;
use hubbub::domain::{Cid, GroupId, Kind, NodeName, Seq, UserId};
use hubbub::hub::{HistoryQuery, HubConfig};
use hubbub::ports::{Append, Sequencer, Standing};
use serde_json::{Value, json};

use crate::people::{Client, EmbeddedHub, make_group};

/// Two people in a group.
pub struct Board {
    pub embedded: EmbeddedHub,
    pub group: GroupId,
    pub anna: Client,
    pub bob: Client,
}

impl Board {
    /// A group of anna, its admin, and bob.
    pub async fn open() -> Self {
        Self::with(HubConfig::default()).await
    }

    /// The same at a hub with settings.
    pub async fn with(config: HubConfig) -> Self {
        let embedded = EmbeddedHub::with(config).await;
        let hub = &embedded.hub;
        let (mut anna, _) = Client::hello(hub, "anna").await;
        let (bob, _) = Client::hello(hub, "bob").await;
        let group = GroupId::parse(&make_group(&mut anna, &["bob"]).await).unwrap();
        Self { embedded, group, anna, bob }
    }

    /// Has anna say something.
    pub async fn say(&mut self, cid: &str) -> Seq {
        let frame = json!({"type": "send", "id": cid, "group": self.group.as_str(), "cid": cid, "text": cid});
        self.anna.ask(frame, "ack").await["seq"].as_u64().unwrap()
    }

    fn pin(&self, cid: &str, reference: &str, data: Value) -> Value {
        json!({"type": "send", "id": cid, "group": self.group.as_str(), "cid": cid, "kind": "pinned",
               "ref": reference, "data": data})
    }

    /// A pin, set or taken back.
    pub fn set(&self, cid: &str, target: Seq, on: bool) -> Value {
        self.pin(cid, &self.group.event_id(target), json!({"on": on}))
    }

    /// What anna and bob are told is pinned, newest first.
    pub async fn pins(&mut self) -> Vec<Seq> {
        let ask = json!({"type": "pins", "id": "p", "group": self.group.as_str()});
        let of_anna = seqs(&self.anna.ask(ask.clone(), "pins").await["messages"]);
        let of_bob = seqs(&self.bob.ask(ask, "pins").await["messages"]);
        assert_eq!(of_anna, of_bob);
        of_anna
    }

    /// Entries of the log that no door let in, appended in one step: pins of what is named, a text where nothing is.
    async fn append(&self, entries: &[(&str, Option<String>)]) {
        let append = |(cid, reference): &(&str, Option<String>)| {
            let (kind, body) = match reference {
                Some(reference) => (Kind::Pinned, json!({"v": 1, "r": reference, "d": {"on": true}})),
                None => (Kind::Text, json!({"v": 1, "t": cid})),
            };
            Append {
                group: self.group.clone(),
                from: UserId::parse("anna").unwrap(),
                cid: Cid::parse(cid).unwrap(),
                kind,
                traits: kind.row().unwrap().traits(false),
                body: Bytes::from(rmp_serde::to_vec_named(&body).unwrap()),
                standing: Standing::Admin,
            }
        };
        let appends: Vec<Append> = entries.iter().map(append).collect();
        self.append_all(&appends).await;
    }

    /// Entries of the log that no door let in, appended in one step.
    pub async fn append_all(&self, appends: &[Append]) {
        let partition = self.group.partition(self.embedded.hub.config().partitions);
        self.embedded.backplane.append(partition, &NodeName::parse("elsewhere.1").unwrap(), appends).await.unwrap();
    }
}

/// The seqs of messages, as they are listed.
pub fn seqs(messages: &Value) -> Vec<Seq> {
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
    let shown = board.embedded.hub.history(&UserId::parse("bob").unwrap(), &board.group, query).await.unwrap();
    assert!(shown.messages[0].seq == second && shown.messages[0].state.pin.is_on());
    // `last` is what is shown, with its state, for who is here and for who comes.
    for (cid, on) in [("back", false), ("again", true)] {
        let groups = board.bob.ask(json!({"type": "groups", "id": 1}), "groups").await;
        assert_eq!(
            (&groups["groups"][0]["last"]["seq"], groups["groups"][0]["last"]["pinned"] == true),
            (&json!(second), !on)
        );
        let (_, welcome) = Client::hello(&board.embedded.hub, "bob").await;
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
    board.append(&wrong.clone().map(|(cid, reference)| (cid, Some(reference)))).await;
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

/// What is read with the event that it is about waits until that is stored, and is judged by what came of it.
#[tokio::test]
async fn a_pin_of_the_same_batch_stands_by_what_it_is_about() {
    let mut board = Board::open().await;
    let first = board.say("first").await;
    let id = |seq: Seq| Some(board.group.event_id(seq));
    let batch = [
        ("of itself", id(first + 1)),
        ("text", None),
        ("of the text", id(first + 2)),
        ("of a void", id(first + 1)),
        ("of a pin", id(first + 3)),
        ("of the first", id(first)),
    ];
    board.append(&batch).await;
    board.say("end").await;
    assert_eq!(board.pins().await, [first + 2, first]);
    for (cid, code) in [("of itself", "not_found"), ("of a void", "not_found"), ("of a pin", "not_found")] {
        let frame = board.set(cid, first, true);
        assert_eq!(board.anna.refused(frame).await, code, "{cid}");
    }
    let frame = board.set("of the text", first, false);
    assert_eq!(board.anna.ask(frame, "ack").await["seq"], first + 3);
}

/// A repeat is answered as the first was, whatever has become of the target, and nobody outside learns what stands.
#[tokio::test]
async fn a_stored_pin_is_acked_again_and_strangers_learn_nothing() {
    let mut board = Board::open().await;
    let first = board.say("first").await;
    let frame = board.set("pin", first, true);
    let acked = board.anna.ask(frame, "ack").await["seq"].clone();
    // As if the target were gone: the repeat names what is not there.
    let frame = board.set("pin", first + 70, true);
    assert_eq!(board.anna.ask(frame, "ack").await["seq"], acked);
    let (mut mallory, _) = Client::hello(&board.embedded.hub, "mallory").await;
    for target in [1, first, first + 9] {
        let frame = board.set(&format!("guess {target}"), target, true);
        assert_eq!(mallory.refused(frame).await, "forbidden", "{target}");
    }
    for reference in [format!("{}:0{first}", board.group), format!("{}:+{first}", board.group)] {
        let frame = board.pin("odd", &reference, json!({"on": true}));
        assert_eq!(board.anna.refused(frame).await, "bad_frame", "{reference}");
    }
}

/// Whoever pins has not read what was said meanwhile.
#[tokio::test]
async fn a_pin_marks_nothing_as_read() {
    let mut board = Board::open().await;
    let first = board.say("first").await;
    let said = json!({"type": "send", "id": 1, "group": board.group.as_str(), "cid": "bobs", "text": "unread"});
    board.bob.ask(said, "ack").await;
    let frame = board.set("pin", first, true);
    board.anna.ask(frame, "ack").await;
    let groups = board.anna.ask(json!({"type": "groups", "id": 1}), "groups").await;
    assert_eq!(groups["groups"][0]["unread"], 1, "{groups}");
}
