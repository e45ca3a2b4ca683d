//! What is asked again is answered truly: no answer assumes that it is the first.

use hubbub::protocol::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use super::asking::{Doors, Told};
use crate::protocol::peer::Peer;
use crate::support::http;

#[tokio::test]
async fn a_group_that_is_made_again_is_shown_as_it_is_by_now() {
    let mut doors = Doors::open().await;
    let [mut anna, mut bert] = Peer::people(&doors.hub, Encoding::Json, ["anna", "bert"]).await;
    let create = json!({"type": "create", "name": "Tea", "members": ["bert"], "cid": "c1"});
    let made = anna.ask(create.clone(), "group").await;
    let group = made["id"].as_str().unwrap().to_owned();
    assert_eq!((&made["unread"], &made["count"]), (&json!(0), &json!(2)));
    bert.send(&group, "m1", "one").await;
    let seq = bert.send(&group, "m2", "two").await;
    let call = json!({"name": "Tea", "members": ["bert"], "cid": "c1"});
    for (read, unread) in [(0, 2), (seq - 1, 1), (seq, 0)] {
        if read > 0 {
            anna.ask(json!({"type": "read", "group": group, "seq": read}), "ok").await;
        }
        let again = anna.ask(create.clone(), "group").await;
        let called = doors.public.post("/chat", "/chat", call.clone()).await.expect(201);
        for shown in [&again, &called] {
            assert_eq!((&shown["id"], &shown["head"]), (&json!(group), &json!(seq)));
            assert_eq!(shown["unread"], json!(unread), "{shown}");
        }
        assert_eq!(again["read"], called["read"]);
    }
    // Another name makes no other group, and does not stand in the answer.
    let other = json!({"type": "create", "name": "Cake", "members": [], "cid": "c1"});
    let again = anna.ask(other, "group").await;
    assert_eq!((&again["id"], &again["name"], &again["count"]), (&json!(group), &json!("Tea"), &json!(2)));
}

#[tokio::test]
async fn members_who_are_there_or_gone_already_are_no_news() {
    let mut doors = Doors::open().await;
    let (mut anna, _) = Peer::hello(&doors.hub, Encoding::Json, "anna").await;
    let made = json!({"type": "create", "name": "Tea", "members": [], "access": "open"});
    let group = anna.ask(made, "group").await["id"].as_str().unwrap().to_owned();
    let member = "/chat/{group}/members/{user}";
    let bert = format!("/chat/{group}/members/bert");
    let mut seqs = Vec::new();
    for _ in 0..2 {
        anna.ask(json!({"type": "add", "group": group, "users": ["bert", "bert"]}), "ok").await;
        doors.public.ask(Method::PUT, member, &bert, None, &[]).await.expect(204);
        doors
            .public
            .ask(Method::POST, "/chat/{group}/join", &format!("/chat/{group}/join"), None, &[])
            .await
            .expect(204);
        seqs.push(newest(&mut anna, &group).await);
    }
    for _ in 0..2 {
        anna.ask(json!({"type": "remove", "group": group, "users": ["bert", "bert"]}), "ok").await;
        doors.public.ask(Method::DELETE, member, &bert, None, &[]).await.expect(204);
        seqs.push(newest(&mut anna, &group).await);
    }
    assert_eq!(seqs, [2, 2, 3, 3]);
    for _ in 0..2 {
        anna.ask(json!({"type": "leave", "group": group}), "ok").await;
        doors
            .public
            .ask(Method::POST, "/chat/{group}/leave", &format!("/chat/{group}/leave"), None, &[])
            .await
            .expect(204);
    }
}

async fn newest(peer: &mut Peer, group: &str) -> u64 {
    let page = peer.ask(json!({"type": "history", "group": group, "limit": 1}), "history").await;
    page["messages"][0]["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn sends_and_profiles_are_repeated_without_harm_and_accounts_are_not_made_twice() {
    let mut doors = Doors::open().await;
    let (operation, messages) = ("/chat/{group}/message", format!("/chat/{}/message", doors.group));
    let send = json!({"text": "x", "cid": "c1"});
    let first = doors.public.post(operation, &messages, send.clone()).await.expect(201);
    assert_eq!(doors.public.post(operation, &messages, send).await.expect(201), first);
    let put = json!({"username": "Bert", "name": "Bert B."});
    let bert = doors.internal.post("/user/{up}", "/user/bert", put.clone()).await.expect(200);
    assert_eq!(doors.internal.post("/user/{up}", "/user/bert", put).await.expect(200), bert);
    let account = json!({"username": "carl", "password": "correct horse"});
    doors.public.post("/auth/register", "/auth/register", account.clone()).await.expect(201);
    assert_eq!(doors.public.post("/auth/register", "/auth/register", account).await.problem(409), "conflict");
    // A username is taken by an account alone, at each door in the same way.
    let dora = json!({"username": "dora", "password": "correct horse"});
    doors.public.post("/auth/register", "/auth/register", dora).await.expect(201);
    let taken = doors.internal.post("/user/{up}", "/user/dora", json!({"username": "CARL"})).await;
    assert_eq!(taken.problem(409), "conflict");
}

#[tokio::test]
async fn orders_that_are_given_again_say_what_is_so() {
    let doors = Doors::open().await;
    let group = &doors.group;
    let put = || http::client().post(format!("{}/user/bert", doors.hub.internal_url())).json(&json!({})).send();
    let report = async |order: Value| -> Told { doors.order(&order).await };
    for (order, codes) in [
        (json!({"order": "make_admin", "group": group, "user": "bert"}), [None, None]),
        (json!({"order": "kick", "group": group, "user": "bert"}), [None, Some("not_found")]),
        (json!({"order": "kick", "user": "bert"}), [None, None]),
        (json!({"order": "ban", "user": "bert"}), [None, None]),
        (json!({"order": "unban", "user": "bert"}), [None, None]),
        (json!({"order": "delete_user", "user": "bert"}), [None, None]),
        (json!({"order": "delete_group", "group": group}), [None, Some("not_found")]),
    ] {
        for code in codes {
            let told = report(order.clone()).await;
            assert_eq!(told.code.as_deref(), code, "{order}: {told:?}");
        }
    }
    // Nobody brings back by another door who was deleted by one.
    assert_eq!(put().await.unwrap().status(), 409);
    report(json!({"order": "unban", "user": "bert"})).await;
    assert_eq!(put().await.unwrap().status(), 200);
}
