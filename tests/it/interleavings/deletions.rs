//! A group is deleted while something of it is under way: what is acked is in its history, nothing of its earlier life
//! is seen, and no send hangs.

use hubbub::domain::{GroupId, Seq};
use serde_json::{Value, json};

use super::gates::Side;
use super::test_cluster::{FIRST, TestCluster, until_acked};
use crate::people::Client;
use crate::support::eventually;

/// The nodes of the two who talk, and the one that deletes: the partition's owner is [`FIRST`].
pub const ANN: usize = 0;
pub const BOB: usize = 2;
pub const DELETES: usize = 1;

/// A direct chat over three nodes, with one message.
struct Chat {
    scene: TestCluster,
    ann: Client,
    bob: Client,
    group: GroupId,
    /// What was acked in the chat's present life.
    acked: Vec<(Seq, String)>,
}

/// A send with itself as its text.
fn to(user: &str, cid: &str) -> Value {
    json!({"type": "send", "id": cid, "to": user, "cid": cid, "text": cid})
}

/// The next word of a group: that one is in it, or that it is gone.
pub async fn told(client: &mut Client, gone: bool) -> Value {
    loop {
        let group = client.next("group").await;
        if group["gone"].as_bool().unwrap_or(false) == gone {
            return group;
        }
    }
}

impl Chat {
    async fn open() -> Self {
        let scene = TestCluster::open(3).await;
        let (mut ann, mut bob) = (scene.join(ANN, "ann").await, scene.join(BOB, "bob").await);
        let ack = until_acked(&mut ann, to("bob", "old")).await;
        assert_eq!((bob.texts(1).await, ann.texts(1).await.len()), (vec![(2, "old".to_owned())], 1));
        for client in [&mut ann, &mut bob] {
            told(client, false).await;
        }
        let group = GroupId::parse(ack["group"].as_str().unwrap()).unwrap();
        Self { scene, ann, bob, group, acked: Vec::new() }
    }

    /// Deletes the chat at another node, and waits until both were told.
    async fn delete(&mut self) {
        self.scene.nodes[DELETES].hub.delete_group(&self.group).await.unwrap();
        self.are_told_of_the_end().await;
    }

    async fn are_told_of_the_end(&mut self) {
        self.acked.clear();
        for client in [&mut self.ann, &mut self.bob] {
            told(client, true).await;
        }
    }

    async fn ann_says(&mut self, cid: &str) {
        let ack = until_acked(&mut self.ann, to("bob", cid)).await;
        self.took(&ack, cid);
    }

    async fn bob_says(&mut self, cid: &str) {
        let ack = until_acked(&mut self.bob, to("ann", cid)).await;
        self.took(&ack, cid);
    }

    fn took(&mut self, ack: &Value, cid: &str) {
        assert_eq!(ack["group"], self.group.as_str());
        self.acked.push((ack["seq"].as_u64().unwrap(), cid.to_owned()));
    }

    /// Both speak, see all that was acked in the present life, and nothing of before.
    async fn goes_on(&mut self) {
        let mark = self.acked.len();
        self.ann_says(&format!("ann goes on {mark}")).await;
        self.bob_says(&format!("bob goes on {mark}")).await;
        self.acked.sort();
        for client in [&mut self.ann, &mut self.bob] {
            assert_eq!(client.texts(self.acked.len()).await, self.acked);
            let history = client.ask(json!({"type": "history", "group": self.group.as_str()}), "history").await;
            let shown = history["messages"].as_array().unwrap().iter();
            let texts = shown
                .filter(|event| event["kind"] == "text")
                .map(|event| (event["seq"].as_u64().unwrap(), event["text"].as_str().unwrap().to_owned()));
            assert_eq!(texts.collect::<Vec<_>>(), self.acked);
        }
        let base = self.scene.store.group(&self.group).await.unwrap().expect("it is there").base.seq;
        let stored = eventually("nothing is left of an earlier life", async || {
            let stored = self.scene.stored(&self.group).await;
            if stored.iter().all(|event| event.seq > base) { Ok(stored) } else { Err(format!("{stored:?}")) }
        });
        let stored = stored.await;
        assert!(stored.iter().map(|event| event.seq).eq(base + 1..=base + stored.len() as Seq), "{stored:?}");
    }

    /// The send that was under way when the chat was deleted is refused, to be repeated.
    async fn is_to_be_repeated(client: &mut Client, cid: &str) {
        let error = client.next("error").await;
        assert_eq!((&error["code"], &error["re"]), (&json!("unavailable"), &json!(cid)), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_begins_anew_with_new_and_old_cids() {
    let mut chat = Chat::open().await;
    for forget in [false, true] {
        for cid in ["new", "old"] {
            chat.delete().await;
            if forget {
                chat.scene.forget_cids().await;
            }
            let sent = to("bob", cid);
            let ack = chat.ann.ask(sent.clone(), "ack").await;
            chat.took(&ack, cid);
            let group = told(&mut chat.bob, false).await;
            let first = chat.scene.store.group(&chat.group).await.unwrap().unwrap().first;
            assert_eq!((&group["id"], group["first"].as_u64()), (&ack["group"], Some(first)));
            assert_eq!(chat.ann.ask(sent, "ack").await["seq"], ack["seq"], "a repeat is no second send");
            chat.goes_on().await;
            let cursors = json!({chat.group.as_str(): 2});
            let (mut late, _) = Client::resume(&chat.scene.nodes[BOB].hub, "bob", cursors).await;
            let gap = late.next("gap").await;
            assert_eq!((gap["from"].as_u64(), gap["to"].as_u64()), (Some(3), Some(first - 1)));
            assert_eq!((&gap["reason"], late.texts(3).await), (&json!("expired"), chat.acked.clone()));
            late.session.end().await;
        }
    }
    // Also where Redis knows nothing of it any more.
    chat.scene.empty_redis().await;
    chat.delete().await;
    chat.ann_says("old").await;
    chat.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_is_under_way() {
    let mut chat = Chat::open().await;
    let stopped = chat.scene.nodes[ANN].gates.hold(Side::Before, "append");
    chat.ann.say(to("bob", "under way")).await;
    stopped.reached().await;
    chat.delete().await;
    stopped.release();
    Chat::is_to_be_repeated(&mut chat.ann, "under way").await;
    chat.ann_says("under way").await;
    chat.goes_on().await;
}

/// The owner has read a send, or has stored it, and not committed.
async fn the_owner_is_stopped(call: &'static str) {
    let mut chat = Chat::open().await;
    let stopped = chat.scene.nodes[FIRST].gates.hold(Side::Before, call);
    chat.ann.say(to("bob", "under way")).await;
    stopped.reached().await;
    chat.delete().await;
    stopped.release();
    Chat::is_to_be_repeated(&mut chat.ann, "under way").await;
    eventually("what was stored late is removed", async || {
        let stored = chat.scene.stored(&chat.group).await;
        if stored.is_empty() { Ok(()) } else { Err(format!("{stored:?}")) }
    })
    .await;
    chat.ann_says("under way").await;
    chat.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_between_read_and_insert() {
    the_owner_is_stopped("insert").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_between_insert_and_commit() {
    the_owner_is_stopped("commit").await;
}

/// Its successor stores the send in the chat's next life, where it is nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_stands_still_over_the_next_life() {
    let mut chat = Chat::open().await;
    let gates = chat.scene.nodes[FIRST].gates.clone();
    let stopped = gates.hold(Side::Before, "insert");
    chat.ann.say(to("bob", "under way")).await;
    stopped.reached().await;
    chat.scene.nodes[ANN].hub.delete_group(&chat.group).await.unwrap();
    chat.are_told_of_the_end().await;
    gates.freeze();
    stopped.release();
    chat.scene.taken_over_from(FIRST).await;
    Chat::is_to_be_repeated(&mut chat.ann, "under way").await;
    chat.ann_says("under way").await;
    // What it still stores now comes too late for the key of the send that was repeated.
    gates.thaw();
    chat.scene.settled_owner().await;
    chat.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_is_between_its_read_and_its_write() {
    let mut chat = Chat::open().await;
    let stopped = chat.scene.nodes[BOB].gates.hold(Side::Before, "restore");
    chat.scene.forget_states().await;
    chat.bob.say(to("ann", "under way")).await;
    stopped.reached().await;
    chat.delete().await;
    stopped.release();
    Chat::is_to_be_repeated(&mut chat.bob, "under way").await;
    chat.bob_says("under way").await;
    chat.goes_on().await;
}

/// The restore of a life comes when the next one has begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_comes_a_life_too_late() {
    let mut chat = Chat::open().await;
    let stopped = chat.scene.nodes[BOB].gates.hold(Side::Before, "restore");
    chat.scene.forget_states().await;
    chat.bob.say(to("ann", "under way")).await;
    stopped.reached().await;
    chat.delete().await;
    chat.ann_says("first").await;
    stopped.release();
    chat.bob_says("under way").await;
    chat.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_hears_neither_of_the_end_nor_of_what_follows() {
    let mut chat = Chat::open().await;
    let deaf = chat.scene.nodes[BOB].gates.hold(Side::Before, "read_inbox");
    deaf.reached().await;
    chat.scene.nodes[DELETES].hub.delete_group(&chat.group).await.unwrap();
    told(&mut chat.ann, true).await;
    chat.ann_says("unheard").await;
    chat.scene.lose_inboxes().await;
    deaf.release();
    told(&mut chat.bob, true).await;
    told(&mut chat.bob, false).await;
    chat.goes_on().await;
}

/// A deletion stops half-way; whoever makes the chat anew finishes it, or whoever deletes it once more.
async fn a_deletion_fails(call: &'static str, repeated: bool) {
    let mut chat = Chat::open().await;
    chat.scene.nodes[DELETES].gates.fail(Side::Before, call, 3);
    chat.scene.nodes[DELETES].hub.delete_group(&chat.group).await.unwrap_err();
    if repeated {
        chat.scene.nodes[BOB].hub.delete_group(&chat.group).await.unwrap();
        chat.are_told_of_the_end().await;
    }
    chat.ann_says("old").await;
    if !repeated {
        told(&mut chat.bob, true).await;
    }
    chat.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_stops_before_the_state_is_forgotten() {
    a_deletion_fails("forget_group", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_stops_before_nodes_are_told() {
    a_deletion_fails("post", false).await;
    a_deletion_fails("post", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_stops_before_it_is_stored() {
    a_deletion_fails("finish_deletion", false).await;
    a_deletion_fails("finish_deletion", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_deletion_leaves_the_next_life_alone() {
    let mut chat = Chat::open().await;
    let slow = chat.scene.nodes[BOB].hub.clone();
    let stopped = chat.scene.nodes[BOB].gates.hold(Side::Before, "forget_group");
    let group = chat.group.clone();
    let deletion = tokio::spawn(async move { slow.delete_group(&group).await });
    stopped.reached().await;
    chat.delete().await;
    chat.ann_says("old").await;
    stopped.release();
    deletion.await.unwrap().unwrap();
    chat.goes_on().await;
}
