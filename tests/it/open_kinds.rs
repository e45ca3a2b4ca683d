//! Kinds of events that this version does not know, and those of clients' own making, through the whole hub.

use bytes::Bytes;
use hubbub::domain::{Cid, GroupId, Kind, NodeName, Traits, UserId};
use hubbub::hub::HistoryQuery;
use hubbub::ports::{Append, Appended, Log, Sequencer, Standing};
use serde_json::{Value, json};

use crate::people::{Client, EmbeddedHub, make_group};
use crate::support::wait::eventually;

struct Rooms(EmbeddedHub);

impl Rooms {
    async fn open() -> Self {
        Self(EmbeddedHub::start().await)
    }

    /// What a node of a later version takes in from anna.
    async fn taken_in_elsewhere(&self, group: &GroupId, id: &str, traits: Traits, body: &Value) -> Appended {
        let append = Append {
            group: group.clone(),
            from: UserId::parse("anna").unwrap(),
            cid: Cid::parse(id).unwrap(),
            kind: Kind::parse("starred").unwrap(),
            traits,
            body: Bytes::from(rmp_serde::to_vec_named(body).unwrap()),
            standing: Standing::Member,
        };
        let partition = group.partition(self.0.hub.config().partitions);
        let origin = NodeName::parse("later.1").unwrap();
        self.0.backplane.append(partition, &origin, &[append]).await.unwrap()[0]
    }

    async fn listed(&self, group: &GroupId) -> Vec<String> {
        let query = HistoryQuery::Numbered { page: 0, per_page: 10 };
        let page = self.0.hub.history(&UserId::parse("bob").unwrap(), group, query).await.unwrap();
        page.messages.iter().map(|event| event.kind.to_string()).collect()
    }
}

#[tokio::test]
async fn a_kind_of_clients_own_making_is_stored_counted_and_told() {
    let rooms = Rooms::open().await;
    let (mut anna, _) = Client::hello(&rooms.0.hub, "anna").await;
    let (mut bob, _) = Client::hello(&rooms.0.hub, "bob").await;
    let group = make_group(&mut anna, &["bob"]).await;
    let poll = |cid: &str, notify: bool| json!({"type": "send", "id": 1, "group": group, "cid": cid, "kind": "x.poll", "data": {"notify": notify, "options": [1, 2]}});
    for (cid, notify, n) in [("quiet", false, 0), ("loud", true, 1)] {
        anna.ask(poll(cid, notify), "ack").await;
        let told = loop {
            let message = bob.next("message").await;
            if message["kind"] == "x.poll" {
                break message;
            }
        };
        assert_eq!((&told["n"], &told["data"]["options"]), (&json!(n), &json!([1, 2])));
        assert_eq!((told.get("text"), told.get("shown")), (None, None));
    }
    let refused = anna
        .ask(json!({"type": "send", "id": 2, "group": group, "cid": "r", "kind": "starred", "text": "x"}), "error")
        .await;
    assert_eq!(refused["code"], "unsupported");
    let group = GroupId::parse(&group).unwrap();
    assert_eq!(rooms.listed(&group).await, ["joined", "joined", "x.poll", "x.poll"]);
}

/// An owner stores what it does not know by what stands beside it, and passes it on whole.
#[tokio::test]
async fn a_kind_of_a_later_version_is_stored_told_and_listed_by_its_traits() {
    let rooms = Rooms::open().await;
    let (mut anna, _) = Client::hello(&rooms.0.hub, "anna").await;
    let (mut bob, _) = Client::hello(&rooms.0.hub, "bob").await;
    let group = GroupId::parse(&make_group(&mut anna, &["bob"]).await).unwrap();
    let body = json!({"v": 1, "t": "hi", "d": {"emoji": "+1"}, "later": [1]});
    for (id, counts, shown) in [("1", true, true), ("2", false, false)] {
        rooms.taken_in_elsewhere(&group, id, Traits { counts, shown, fx: 0 }, &body).await;
        let told = loop {
            let message = bob.next("message").await;
            if message["kind"] == "starred" {
                break message;
            }
        };
        assert_eq!((&told["n"], &told["data"], &told["text"]), (&json!(1), &json!({"emoji": "+1"}), &json!("hi")));
        assert_eq!(told.get("shown"), (!shown).then_some(&json!(false)));
    }
    assert_eq!(rooms.listed(&group).await, ["joined", "joined", "starred"]);
}

/// A body of a later version waits for an owner who can read it; nothing is stored in its place under its cid.
#[tokio::test]
async fn what_cannot_be_read_is_not_stored_as_something_else() {
    let rooms = Rooms::open().await;
    let (mut anna, _) = Client::hello(&rooms.0.hub, "anna").await;
    let (mut bob, _) = Client::hello(&rooms.0.hub, "bob").await;
    let group = make_group(&mut anna, &["bob"]).await;
    let id = GroupId::parse(&group).unwrap();
    let traits = Traits { counts: true, shown: true, fx: 0 };
    rooms.taken_in_elsewhere(&id, "1", traits, &json!({"v": 99, "t": "hi"})).await;
    anna.ask(json!({"type": "send", "id": 1, "group": group, "cid": "2", "text": "behind it"}), "ack").await;
    assert_eq!(bob.texts(1).await[0].1, "behind it");
    assert_eq!(rooms.listed(&id).await, ["joined", "joined", "text"]);
    // The others' acks come a little later.
    eventually("all but one are acked", async || {
        let stats = rooms.0.backplane.log_stats(id.partition(rooms.0.hub.config().partitions)).await.unwrap();
        if stats.pending == 1 { Ok(()) } else { Err(format!("{stats:?}")) }
    })
    .await;
}
