//! Messages that are deleted, through the whole hub: who may, what is left, and that nothing of it comes back.

use hubbub::domain::{GroupId, Kind, Seq, UserId};
use hubbub::hub::HistoryQuery;
use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use crate::edits::{about, at, edit, entry, history, told};
use crate::people::Client;
use crate::pins::Board;
use crate::protocol::peer::Peer;
use crate::support::Hub;

pub fn delete(group: &GroupId, cid: &str, target: Seq) -> Value {
    about(group, "deleted", cid, target, json!({}))
}

/// Whether an event says nothing any more, and by whom it was deleted.
fn is_erased(event: &Value, by: &str) -> bool {
    let empty = event.get("text").is_none() && event.get("data").is_none() && event.get("edited").is_none();
    empty && event.get("pinned").is_none() && event["deleted"]["by"] == by && event["deleted"]["time"].is_number()
}

#[tokio::test]
async fn nothing_is_left_of_what_is_deleted_but_that_it_was_there() {
    let mut board = Board::open().await;
    let group = board.group.clone();
    let said = json!({"type": "send", "id": 1, "group": group.as_str(), "cid": "first", "text": "a secret",
                      "data": {"key": "a secret"}});
    let first = board.anna.ask(said.clone(), "ack").await["seq"].as_u64().unwrap();
    let edited = board.anna.ask(edit(&group, "edit", first, "the secret"), "ack").await["seq"].as_u64().unwrap();
    let pin = board.set("pin", first, true);
    board.anna.ask(pin, "ack").await;
    board.anna.ask(delete(&group, "delete", first), "ack").await;
    let event = told(&mut board.bob, "deleted").await;
    assert_eq!((&event["ref"], &event["from"]), (&json!(group.event_id(first)), &json!("anna")));
    assert_eq!((&event["shown"], &event["n"]), (&json!(false), &json!(1)));

    let page = history(&mut board.bob, &group, false).await;
    let now = at(&page, first);
    assert!(is_erased(&now, "anna"), "{now}");
    assert_eq!((&now["kind"], &now["n"], &now["from"]), (&json!("text"), &json!(1), &json!("anna")));
    let raw = history(&mut board.bob, &group, true).await;
    for page in [&page, &raw] {
        assert!(!page.to_string().contains("secret"), "{page}");
        assert_eq!(at(page, edited)["kind"], "edited");
    }
    assert_eq!(at(&raw, first).get("deleted"), None, "the sequence says it by the event that follows");
    assert_eq!(board.pins().await, [0; 0]);
    let bob = UserId::parse("bob").unwrap();
    let query = HistoryQuery::Numbered { page: 0, per_page: 1 };
    let shown = board.embedded.hub.history(&bob, &group, query).await.unwrap();
    assert_eq!((shown.messages[0].seq, shown.messages[0].current_text()), (first, None));

    // `last`, for who is here and for who comes: it stays counted and shown.
    let groups = board.bob.ask(json!({"type": "groups", "id": 1}), "groups").await;
    let (_, welcome) = Client::hello(&board.embedded.hub, "bob").await;
    for listed in [&groups["groups"][0], &welcome["groups"][0]] {
        assert!(listed["last"]["seq"] == first && is_erased(&listed["last"], "anna"), "{listed}");
        assert_eq!(listed["unread"], 1);
    }
    // Who resumes gets nothing of it either, and a repeat of the send is acked as before.
    let (mut again, _) = Client::resume(&board.embedded.hub, "bob", json!({group.as_str(): first - 1})).await;
    let replayed = told(&mut again, "text").await;
    assert!(replayed["seq"] == first && replayed.get("text").is_none(), "{replayed}");
    told(&mut again, "deleted").await;
    assert_eq!(board.anna.ask(said, "ack").await["seq"], first);
    assert!(!history(&mut board.bob, &group, true).await.to_string().contains("secret"));
}

#[tokio::test]
async fn authors_and_admins_delete_and_nobody_else() {
    let mut board = Board::open().await;
    let (group, of_anna) = (board.group.clone(), board.say("anna's").await);
    let of_bob = json!({"type": "send", "id": 1, "group": group.as_str(), "cid": "b", "text": "bob's"});
    let of_bob = board.bob.ask(of_bob, "ack").await["seq"].as_u64().unwrap();
    assert_eq!(board.bob.refused(delete(&group, "bobs", of_anna)).await, "forbidden");
    for (target, code) in [(1, "not_found"), (of_bob + 9, "not_found")] {
        assert_eq!(board.anna.refused(delete(&group, "wrong", target)).await, code, "{target}");
    }
    for more in [json!({"text": "why"}), json!({"data": {}}), json!({"ref": GroupId::random().event_id(1)})] {
        assert_eq!(
            board.anna.refused(about(&group, "deleted", "wrong", of_bob, more.clone())).await,
            "bad_frame",
            "{more}"
        );
    }
    board.anna.ask(delete(&group, "by the admin", of_bob), "ack").await;
    let page = history(&mut board.bob, &group, false).await;
    assert!(is_erased(&at(&page, of_bob), "anna"), "{page}");
    // A second one is acked and changes nothing; nothing else can be done to it.
    board.bob.ask(delete(&group, "by its author", of_bob), "ack").await;
    assert!(is_erased(&at(&history(&mut board.bob, &group, false).await, of_bob), "anna"));
    assert_eq!(board.bob.refused(edit(&group, "too late", of_bob, "x")).await, "conflict");
    let pin = board.set("pin", of_bob, true);
    assert_eq!(board.anna.refused(pin).await, "conflict");
    let (mut mallory, _) = Client::hello(&board.embedded.hub, "mallory").await;
    for target in [1, of_anna, of_bob, of_bob + 9] {
        assert_eq!(mallory.refused(delete(&group, "guess", target)).await, "forbidden", "{target}");
    }
}

/// In a direct chat nobody is admin: each deletes what they said.
#[tokio::test]
async fn in_a_direct_chat_each_deletes_their_own() {
    let mut board = Board::open().await;
    let said = board.bob.ask(json!({"type": "send", "id": 1, "to": "anna", "cid": "hi", "text": "hi"}), "ack").await;
    let group = GroupId::parse(said["group"].as_str().unwrap()).unwrap();
    let seq = said["seq"].as_u64().unwrap();
    assert_eq!(board.anna.refused(delete(&group, "annas", seq)).await, "forbidden");
    board.bob.ask(delete(&group, "bobs", seq), "ack").await;
    assert!(is_erased(&at(&history(&mut board.anna, &group, false).await, seq), "bob"));
}

/// What is read together is judged in the order of the sequence.
#[tokio::test]
async fn what_comes_behind_a_deletion_in_its_batch_does_not_stand() {
    let mut board = Board::open().await;
    let (group, first) = (board.group.clone(), board.say("a secret").await);
    let (none, text, on) = (json!({}), json!({"t": "the secret"}), json!({"d": {"on": true}}));
    let kind = |from, kind, cid, more| entry(&group, from, kind, cid, first, more);
    let batch = [
        kind("anna", Kind::Edited, "before", &text),
        kind("bob", Kind::Deleted, "not entitled", &none),
        kind("bob", Kind::Deleted, "entitled", &json!({"e": true})),
        kind("anna", Kind::Edited, "behind", &text),
        kind("anna", Kind::Pinned, "pinned", &on),
        kind("anna", Kind::Deleted, "again", &none),
    ];
    board.append_all(&batch).await;
    board.say("end").await;
    let raw = history(&mut board.bob, &group, true).await;
    let kinds: Vec<String> =
        (first..=first + 6).map(|seq| at(&raw, seq)["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["text", "edited", "void", "deleted", "void", "void", "deleted"]);
    assert!(!raw.to_string().contains("secret"), "{raw}");
    assert!(is_erased(&at(&history(&mut board.bob, &group, false).await, first), "bob"));
    for _ in 0..2 {
        assert_eq!(board.bob.refused(delete(&group, "not entitled", first)).await, "forbidden");
        assert_eq!(board.anna.refused(edit(&group, "behind", first, "x")).await, "conflict");
        let pin = board.set("pinned", first, true);
        assert_eq!(board.anna.refused(pin).await, "conflict");
    }
    assert_eq!(board.anna.ask(delete(&group, "again", first), "ack").await["seq"], first + 6);
}

/// Who was away for longer than is replayed learns of it by pages, and gets nothing of what was said.
#[tokio::test]
async fn a_client_that_was_away_for_long_gets_nothing_of_it() {
    let mut board = Board::open().await;
    let (group, first) = (board.group.clone(), board.say("a secret").await);
    board.anna.ask(edit(&group, "edit", first, "the secret"), "ack").await;
    board.anna.ask(delete(&group, "delete", first), "ack").await;
    let said: Vec<_> = (0..1_001)
        .map(|number| entry(&group, "anna", Kind::Text, &format!("c{number}"), first, &json!({"t": "x"})))
        .collect();
    board.append_all(&said).await;
    board.say("end").await;
    let (mut again, _) = Client::resume(&board.embedded.hub, "bob", json!({group.as_str(): first - 1})).await;
    let gap = again.next("gap").await;
    assert_eq!(gap["reason"], "too_many", "{gap}");
    let ask = json!({"type": "history", "id": 1, "group": group.as_str(), "after": first - 1, "limit": 5});
    let page = again.ask(ask, "history").await;
    assert!(is_erased(&at(&page, first), "anna") && !page.to_string().contains("secret"), "{page}");
    assert_eq!((&page["more"], &page["next"]), (&json!(true), &json!(first + 4)));
}

/// A page of a group's history over a socket, as it is or as it was said.
async fn page(peer: &mut Peer, group: &str, raw: bool) -> String {
    let ask = json!({"type": "history", "group": group, "limit": 200, "raw": raw});
    peer.ask(ask, "history").await.to_string()
}

/// Over real sockets in both encodings, at its most talkative: neither the node's files nor what it wrote, nor a node that
/// starts anew on them, has anything of it.
#[tokio::test]
async fn nothing_of_it_is_in_files_in_logs_and_in_a_node_that_starts_anew() {
    let secret = "meet me behind the gymnasium";
    let mut hub = Hub::builder("a").env("HUBBUB_LOG", "trace").start().await;
    let mut groups = Vec::new();
    for encoding in Encoding::ALL {
        let [mut anna, mut bert] = Peer::people(&hub, encoding, ["anna", "bert"]).await;
        let group = anna.group(&["bert"]).await;
        let seq = anna.send(&group, "said", secret).await;
        let about = |kind: &str, cid: &str| {
            json!({"type": "send", "group": group, "cid": cid, "kind": kind,
                                                  "ref": format!("{group}:{seq}")})
        };
        let mut edit = about("edited", "edit");
        edit["text"] = json!(format!("{secret}, at eight"));
        anna.ask(edit, "ack").await;
        assert!(page(&mut bert, &group, false).await.contains("at eight"));
        assert!(page(&mut bert, &group, true).await.contains(secret));
        anna.ask(about("deleted", "delete"), "ack").await;
        bert.next_where(|frame| frame["kind"] == "deleted").await;
        for raw in [false, true] {
            assert!(!page(&mut bert, &group, raw).await.contains(secret), "raw: {raw}");
        }
        groups.push(group);
    }
    assert!(hub.terminate().await.success());
    let log = hub.process().log();
    assert!(!log.contains(secret), "the log");
    for entry in std::fs::read_dir(hub.data_directory()).unwrap() {
        let file = entry.unwrap().path();
        let bytes = std::fs::read(&file).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", file.display());
    }
    hub.restart().await;
    for (encoding, group) in Encoding::ALL.into_iter().zip(&groups) {
        let cursors = json!({group.as_str(): 1});
        let (mut bert, welcome) = Peer::resume(&hub, encoding, "bert", cursors).await;
        assert!(!welcome.to_string().contains(secret), "{welcome}");
        let replayed = bert.next_where(|frame| frame["kind"] == "text").await;
        assert!(replayed.get("text").is_none() && replayed["deleted"]["by"] == "anna", "{replayed}");
        assert!(!page(&mut bert, group, true).await.contains(secret));
    }
}
