//! Texts that are edited, through the whole hub: who may, what about, what it comes to, in both encodings, in pages,
//! lists and `last`.

use std::time::Duration;

use bytes::Bytes;
use hubbub::domain::{Cid, GroupId, Kind, Seq, UserId};
use hubbub::hub::{HistoryQuery, HubConfig};
use hubbub::ports::{Append, Standing};
use serde_json::{Value, json};

use crate::people::Client;
use crate::pins::Board;

/// A send of a kind that is about an event, with what else it carries.
pub fn about(group: &GroupId, kind: &str, cid: &str, target: Seq, more: Value) -> Value {
    let mut frame = json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "kind": kind,
                           "ref": group.event_id(target)});
    frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    frame
}

pub fn edit(group: &GroupId, cid: &str, target: Seq, text: &str) -> Value {
    about(group, "edited", cid, target, json!({"text": text}))
}

/// An entry of the log that no door let in.
pub fn entry(group: &GroupId, from: &str, kind: Kind, cid: &str, target: Seq, more: &Value) -> Append {
    let mut body = json!({"v": 1, "r": group.event_id(target)});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Append {
        group: group.clone(),
        from: UserId::parse(from).unwrap(),
        cid: Cid::parse(cid).unwrap(),
        kind,
        traits: kind.row().unwrap().traits(false),
        body: Bytes::from(rmp_serde::to_vec_named(&body).unwrap()),
        standing: Standing::Member,
    }
}

/// The next event of a kind that somebody is told.
pub async fn told(client: &mut Client, kind: &str) -> Value {
    loop {
        let message = client.next("message").await;
        if message["kind"] == kind {
            return message;
        }
    }
}

/// A page of the history, or of the sequence as it was said.
pub async fn history(client: &mut Client, group: &GroupId, raw: bool) -> Value {
    let ask = json!({"type": "history", "id": "h", "group": group.as_str(), "limit": 200, "raw": raw});
    client.ask(ask, "history").await
}

/// The event under a seq of a page.
pub fn at(page: &Value, seq: Seq) -> Value {
    let messages = page["messages"].as_array().unwrap();
    messages.iter().find(|message| message["seq"] == seq).unwrap_or_else(|| panic!("no {seq} in {page}")).clone()
}

#[tokio::test]
async fn a_text_says_what_its_author_made_of_it() {
    let mut board = Board::open().await;
    let group = board.group.clone();
    let said = json!({"type": "send", "id": 1, "group": group.as_str(), "cid": "first", "text": "frist",
                      "data": {"a": [1, 2]}});
    let first = board.anna.ask(said, "ack").await["seq"].as_u64().unwrap();
    let pin = board.set("pin", first, true);
    board.anna.ask(pin, "ack").await;
    let edited = board.anna.ask(edit(&group, "edit 1", first, "furst"), "ack").await["seq"].as_u64().unwrap();
    board.anna.ask(edit(&group, "edit 2", first, "first"), "ack").await;
    let event = told(&mut board.bob, "edited").await;
    assert_eq!((&event["text"], &event["ref"]), (&json!("furst"), &json!(group.event_id(first))));
    assert_eq!((&event["shown"], &event["n"], &event["seq"]), (&json!(false), &json!(1), &json!(edited)));

    let page = history(&mut board.bob, &group, false).await;
    let now = at(&page, first);
    assert_eq!((&now["text"], &now["data"], &now["pinned"]), (&json!("first"), &json!({"a": [1, 2]}), &json!(true)));
    assert!(now["edited"].is_i64() || now["edited"].is_u64(), "{now}");
    assert_eq!(page["as_of"], json!(edited + 1));
    let raw = history(&mut board.bob, &group, true).await;
    let then = at(&raw, first);
    assert_eq!((&then["text"], then.get("edited"), then.get("pinned")), (&json!("frist"), None, None));
    assert_eq!(at(&raw, edited)["text"], "furst");

    let pins = board.bob.ask(json!({"type": "pins", "id": 1, "group": group.as_str()}), "pins").await;
    assert_eq!((&pins["messages"][0]["text"], &pins["as_of"]), (&json!("first"), &page["as_of"]));
    let bob = UserId::parse("bob").unwrap();
    let query = HistoryQuery::Numbered { page: 0, per_page: 1 };
    let shown = board.embedded.hub.history(&bob, &group, query).await.unwrap();
    assert_eq!((shown.messages[0].seq, shown.messages[0].current_text()), (first, Some("first")));
    // `last`, for who is here and for who comes; and nothing is unread by it.
    let groups = board.bob.ask(json!({"type": "groups", "id": 1}), "groups").await;
    let (_, welcome) = Client::hello(&board.embedded.hub, "bob").await;
    for listed in [&groups["groups"][0], &welcome["groups"][0]] {
        assert_eq!((&listed["last"]["text"], &listed["last"]["edited"]), (&json!("first"), &now["edited"]));
        assert_eq!(listed["unread"], 1);
    }
}

#[tokio::test]
async fn who_resumes_gets_the_text_and_what_became_of_it() {
    let mut board = Board::open().await;
    let (group, first) = (board.group.clone(), board.say("frist").await);
    board.anna.ask(edit(&group, "edit", first, "first"), "ack").await;
    let cursors = json!({group.as_str(): first - 1});
    let (mut again, _) = Client::resume(&board.embedded.hub, "bob", cursors).await;
    let texts = again.texts(1).await;
    assert!(["frist", "first"].contains(&texts[0].1.as_str()), "{texts:?}");
    assert_eq!(told(&mut again, "edited").await["text"], "first");
}

#[tokio::test]
async fn who_may_not_and_what_cannot_be_edited_is_refused() {
    let mut board = Board::open().await;
    let (group, first) = (board.group.clone(), board.say("first").await);
    let own = json!({"type": "send", "id": 1, "group": group.as_str(), "cid": "poll", "kind": "x.poll", "text": "?"});
    let poll = board.anna.ask(own, "ack").await["seq"].as_u64().unwrap();
    // bob is not its author, and neither an admin edits what others said.
    assert_eq!(board.bob.refused(edit(&group, "bobs", first, "x")).await, "forbidden");
    let of_bob = json!({"type": "send", "id": 1, "group": group.as_str(), "cid": "b", "text": "bob's"});
    let of_bob = board.bob.ask(of_bob, "ack").await["seq"].as_u64().unwrap();
    assert_eq!(board.anna.refused(edit(&group, "admins", of_bob, "x")).await, "forbidden");
    for (target, code) in [(poll, "not_found"), (1, "not_found"), (of_bob + 9, "not_found")] {
        assert_eq!(board.anna.refused(edit(&group, "wrong", target, "x")).await, code, "{target}");
    }
    for (more, code) in [
        (json!({}), "bad_frame"),
        (json!({"text": "x", "data": {}}), "bad_frame"),
        (json!({"text": "x", "ref": GroupId::random().event_id(1)}), "bad_frame"),
        (json!({"text": "x", "ref": "first"}), "bad_frame"),
        (json!({"text": "x".repeat(4_001)}), "too_large"),
    ] {
        let frame = about(&group, "edited", "wrong", first, more.clone());
        assert_eq!(board.anna.refused(frame).await, code, "{more}");
    }
    let (mut mallory, _) = Client::hello(&board.embedded.hub, "mallory").await;
    for target in [1, first, first + 9] {
        assert_eq!(mallory.refused(edit(&group, "guess", target, "x")).await, "forbidden", "{target}");
    }
    assert_eq!(at(&history(&mut board.bob, &group, false).await, first)["text"], "first");
}

/// The entries' own times count, so that whoever reckons comes to the same.
#[tokio::test]
async fn after_its_time_a_text_stays_as_it_is() {
    let config = HubConfig { edit_window: Some(Duration::from_millis(1)), ..HubConfig::default() };
    let mut board = Board::with(config).await;
    let (group, first) = (board.group.clone(), board.say("first").await);
    let mut tries = 0;
    let (late, code) = loop {
        tries += 1;
        let frame = edit(&group, &format!("edit {tries}"), first, "edited");
        board.anna.say(frame.clone()).await;
        let answer = board.anna.next_of(&["ack", "error"]).await;
        if answer["type"] == "error" {
            break (frame, answer["code"].clone());
        }
    };
    assert_eq!(code, "forbidden");
    assert_eq!(board.anna.refused(late).await, "forbidden", "for ever");
}

/// What passed a door and may not stand in its turn is a void, and its sender gets the code however often it is repeated.
#[tokio::test]
async fn what_others_said_is_edited_by_nobody_whatever_the_door_let_in() {
    let mut board = Board::open().await;
    let (group, first) = (board.group.clone(), board.say("first").await);
    let text = json!({"t": "x"});
    board.append_all(&[entry(&group, "bob", Kind::Edited, "theirs", first, &text)]).await;
    board.say("end").await;
    for _ in 0..2 {
        assert_eq!(board.bob.refused(edit(&group, "theirs", first, "x")).await, "forbidden");
    }
    let page = history(&mut board.bob, &group, true).await;
    let void = at(&page, first + 1);
    assert_eq!((&void["kind"], void.get("text")), (&json!("void"), None));
    assert_eq!(at(&page, first)["text"], "first");
}
