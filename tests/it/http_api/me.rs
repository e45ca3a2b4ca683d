//! One's own profile and account, by calls.

use hubbub::domain::now_ms;
use hubbub::protocol::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use super::caller::{Answer, Caller};
use super::public::registered;
use crate::contract::client::{Over, Socket};
use crate::contract::stage::token;
use crate::protocol::peer::Peer;
use crate::support::{Hub, http};

const ME: &str = "/me";
const PASSWORD: &str = "/me/password";
const END: &str = "/me/sessions/end";
const OLD: &str = "a long password";
const NEW: &str = "a longer password";

async fn patch(caller: &mut Caller, changes: Value) -> Answer {
    caller.ask(Method::PATCH, ME, ME, Some(changes), &[]).await
}

async fn delete(caller: &mut Caller, password: &str) -> Answer {
    caller.ask(Method::DELETE, ME, ME, Some(json!({"password": password})), &[]).await
}

/// Each call once, as they are described, by an account of its own.
pub async fn every_call(caller: &mut Caller) {
    let cleo = registered(caller, "cleo").await;
    caller.bearer(cleo);
    let mine = caller.get(ME, ME).await.expect(200);
    assert_eq!((&mine["id"], &mine["username"], &mine["name"]), (&json!("cleo"), &json!("cleo"), &json!("cleo")));
    assert_eq!(patch(caller, json!({"about": "tea"})).await.expect(200)["about"], "tea");
    let renewed = caller.post(PASSWORD, PASSWORD, json!({"old": OLD, "new": NEW})).await.expect(200);
    caller.bearer(renewed["token"].as_str().unwrap());
    let renewed = caller.post(END, END, json!({})).await.expect(200);
    caller.bearer(renewed["token"].as_str().unwrap());
    delete(caller, NEW).await.expect(204);
}

#[tokio::test]
async fn a_profile_is_changed_field_by_field_and_sessions_hear_of_it() {
    let hub = Hub::embedded().await;
    let (mut session, _) = Peer::hello(&hub, Encoding::MsgPack, "anna").await;
    let mut anna = Caller::new(hub.http_url()).await;
    assert_eq!(anna.get(ME, ME).await.problem(401), "unauthorized");
    anna.bearer(token("anna"));
    let later = now_ms() + 3_600_000;
    let all = json!({
        "username": "Anna.B", "name": "Anna B.", "email": "anna@example.org", "phone": "+351 22", "about": "one\ntwo",
        "time_zone": "Europe/Lisbon", "status": {"emoji": "🫖", "text": "tea", "until": later},
        "settings": {"theme": {"dark": true}, "$set": [1, null]},
    });
    let mine = patch(&mut anna, all.clone()).await.expect(200);
    let mut expected = all;
    expected["id"] = json!("anna");
    expected["username"] = json!("anna.b");
    assert_eq!(mine, expected);
    let heard = session.next("me").await;
    assert_eq!((&heard["me"], heard.get("re")), (&expected, None));
    let fewer = patch(&mut anna, json!({"email": null, "status": null, "about": "three"})).await.expect(200);
    assert_eq!((&fewer["about"], &fewer["phone"], fewer.get("email")), (&json!("three"), &json!("+351 22"), None));
    assert_eq!(anna.get(ME, ME).await.expect(200), fewer);
    assert_eq!(session.next("me").await["me"], fewer);
    let over = patch(&mut anna, json!({"status": {"text": "tea", "until": 5}})).await.expect(200);
    assert_eq!(over.get("status"), None, "it is over");
    for (wrong, status, code) in [
        (json!({"username": "hub.anna"}), 400, "bad_frame"),
        (json!({"name": null}), 400, "bad_frame"),
        (json!({"email": "anna"}), 400, "bad_frame"),
        (json!({"about": "a\u{7}"}), 400, "bad_frame"),
        (json!({"about": "x".repeat(501)}), 413, "too_large"),
        (json!({"settings": {"a": "x".repeat(17_000)}}), 413, "too_large"),
        (json!({"image": "a"}), 422, "unsupported"),
        (json!({"status": {}}), 400, "bad_frame"),
    ] {
        assert_eq!(patch(&mut anna, wrong.clone()).await.problem(status), code, "{wrong}");
    }
    let found = anna.get("/users", "/users?username=anna.b").await.expect(200);
    assert_eq!((&found[0]["id"], &found[0]["name"], found[0].get("email")), (&json!("anna"), &json!("Anna B."), None));
}

#[tokio::test]
async fn an_account_takes_no_username_of_another_and_logs_in_by_its_own() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    let anna = registered(&mut caller, "anna").await;
    registered(&mut caller, "bert").await;
    caller.bearer(anna);
    assert_eq!(patch(&mut caller, json!({"username": "BERT", "about": "x"})).await.problem(409), "conflict");
    assert_eq!(caller.get(ME, ME).await.expect(200).get("about"), None, "nothing is changed");
    patch(&mut caller, json!({"username": "ann"})).await.expect(200);
    for (username, status) in [("ann", 200), ("anna", 200), ("an", 401)] {
        let login = json!({"username": username, "password": OLD});
        let answer = caller.post("/auth/login", "/auth/login", login).await;
        assert_eq!(answer.status, status, "{username}");
    }
    let taken = json!({"username": "ann", "password": OLD});
    assert_eq!(caller.post("/auth/register", "/auth/register", taken).await.problem(409), "conflict");
}

/// A session by this token, and its id.
async fn session(hub: &Hub, token: &str) -> (Socket, String) {
    let mut socket = Socket::connect(&hub.address(), Encoding::Json).await.unwrap();
    let welcome = socket.ask(&json!({"type": "hello", "id": 1, "token": token}), "welcome").await.unwrap();
    (socket, welcome["session"].as_str().unwrap().to_owned())
}

/// With which code a session ends.
async fn ending(socket: &mut Socket) -> Option<u16> {
    loop {
        let heard = tokio::time::timeout(crate::support::wait::PATIENCE, socket.hear()).await.expect("an end in time");
        if let Err(Over(code)) = heard {
            return code;
        }
    }
}

/// How a new session by this token ends.
async fn refused(hub: &Hub, token: &str) -> (Value, Option<u16>) {
    let mut socket = Socket::connect(&hub.address(), Encoding::Json).await.unwrap();
    let error = socket.ask(&json!({"type": "hello", "id": 1, "token": token}), "error").await.unwrap();
    (error["code"].clone(), ending(&mut socket).await)
}

#[tokio::test]
async fn a_new_password_ends_what_older_tokens_opened_but_for_the_session_that_is_kept() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    let old = registered(&mut caller, "anna").await;
    let ((mut kept, id), (mut other, _)) = (session(&hub, &old).await, session(&hub, &old).await);
    caller.bearer(old.as_str());
    let ticket = caller.post("/auth/ticket", "/auth/ticket", json!({})).await.expect(201)["ticket"].clone();
    let wrong = json!({"old": "not the password", "new": NEW});
    assert_eq!(caller.post(PASSWORD, PASSWORD, wrong).await.problem(401), "unauthorized");
    let path = format!("{PASSWORD}?session={id}");
    let change = json!({"old": OLD, "new": NEW});
    let new = caller.post(PASSWORD, &path, change).await.expect(200)["token"].as_str().unwrap().to_owned();
    assert_eq!(ending(&mut other).await, Some(4002));
    // Of all that the old token opens nothing is left: no call, no hello, and no ticket that was got by it.
    assert_eq!(caller.get(ME, ME).await.problem(401), "unauthorized");
    assert_eq!(refused(&hub, &old).await, (json!("unauthorized"), Some(4002)));
    let url = format!("ws://{}/ws?ticket={}", hub.address(), ticket.as_str().unwrap());
    let (mut late, _) = tokio_tungstenite::connect_async(&url).await.expect("the ticket is good");
    use futures::{SinkExt, StreamExt};
    late.send(r#"{"type":"hello","id":1}"#.into()).await.unwrap();
    assert!(late.next().await.unwrap().unwrap().to_text().unwrap().contains("unauthorized"));
    // The session that is kept goes on, and is extended by the new token.
    kept.ask(&json!({"type": "ping", "id": 2}), "pong").await.unwrap();
    kept.ask(&json!({"type": "hello", "id": 3, "token": new}), "ok").await.unwrap();
    caller.bearer(new.as_str());
    caller.get(ME, ME).await.expect(200);
    // Now all logins end, this session too.
    let newest = caller.post(END, END, json!({})).await.expect(200)["token"].as_str().unwrap().to_owned();
    assert_eq!(ending(&mut kept).await, Some(4002));
    assert_eq!(caller.get(ME, ME).await.problem(401), "unauthorized");
    caller.bearer(newest.as_str());
    caller.get(ME, ME).await.expect(200);
    assert_eq!(caller.post(END, &format!("{END}?session=no+id"), json!({})).await.problem(400), "bad_frame");
}

#[tokio::test]
async fn a_password_that_an_operator_sets_ends_sessions_too() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    let old = registered(&mut caller, "anna").await;
    let (mut open, _) = session(&hub, &old).await;
    let hash = hubbub::identity::accounts::hash_password(NEW).unwrap();
    let order = json!({"order": "set_password", "user": "anna", "hash": hash});
    let url = format!("{}/admin/orders", hub.internal_url());
    assert!(http::client().post(url).json(&order).send().await.unwrap().status().is_success());
    assert_eq!(ending(&mut open).await, Some(4002));
    let login = json!({"username": "anna", "password": NEW});
    let new = caller.post("/auth/login", "/auth/login", login).await.expect(200);
    session(&hub, new["token"].as_str().unwrap()).await;
}

#[tokio::test]
async fn who_deletes_their_account_is_gone_and_what_they_said_stays() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    let mine = registered(&mut caller, "anna").await;
    let (mut bert, _) = Peer::hello(&hub, Encoding::Json, "bert").await;
    let (mut anna, _) = session(&hub, &mine).await;
    let create = json!({"type": "create", "id": 2, "name": "tea", "members": ["bert"]});
    let made = anna.ask(&create, "group").await.unwrap();
    let group = made["id"].as_str().unwrap().to_owned();
    let send = json!({"type": "send", "id": 3, "group": group, "cid": "c1", "text": "hello"});
    anna.ask(&send, "ack").await.unwrap();
    caller.bearer(mine.as_str());
    patch(&mut caller, json!({"about": "tea"})).await.expect(200);
    assert_eq!(delete(&mut caller, "not the password").await.problem(401), "unauthorized");
    delete(&mut caller, OLD).await.expect(204);
    assert_eq!(ending(&mut anna).await, Some(4003));
    assert_eq!(caller.get(ME, ME).await.problem(403), "forbidden");
    bert.next_where(|frame| frame["kind"] == "left" && frame["data"]["users"] == json!(["anna"])).await;
    let history = bert.ask(json!({"type": "history", "group": group}), "history").await;
    assert!(
        history["messages"].as_array().unwrap().iter().any(|said| said["text"] == "hello" && said["from"] == "anna")
    );
    let again = json!({"username": "anna", "password": OLD});
    assert_eq!(caller.post("/auth/register", "/auth/register", again).await.problem(409), "conflict");
}

#[tokio::test]
async fn other_issuers_users_have_no_account_to_change() {
    let off = Hub::builder("a").env("HUBBUB_ACCOUNTS", "off").start().await;
    for hub in [Hub::embedded().await, off] {
        let mut caller = Caller::new(hub.http_url()).await;
        caller.bearer(token("anna"));
        caller.get(ME, ME).await.expect(200);
        let change = json!({"old": OLD, "new": NEW});
        assert_eq!(caller.post(PASSWORD, PASSWORD, change).await.problem(422), "unsupported");
        assert_eq!(caller.post(END, END, json!({})).await.problem(422), "unsupported");
        assert_eq!(delete(&mut caller, OLD).await.problem(422), "unsupported");
    }
}
