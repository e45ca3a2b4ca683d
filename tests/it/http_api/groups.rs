//! What is asked of groups by calls: the same as by frames, and seen by the same people.

use hubbub::protocol::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use super::caller::{Answer, Caller};
use crate::contract::stage::token;
use crate::protocol::peer::Peer;
use crate::support::raw::Raw;
use crate::support::{Hub, http};

const MEMBER: &str = "/chat/{group}/members/{user}";

/// Does something to a group that is answered without a body.
async fn act(caller: &mut Caller, group: &str, what: &str, body: Option<Value>) -> Answer {
    let (operation, path) = (format!("/chat/{{group}}/{what}"), format!("/chat/{group}/{what}"));
    caller.ask(Method::POST, &operation, &path, body, &[]).await
}

async fn member(caller: &mut Caller, method: Method, group: &str, user: &str) -> Answer {
    caller.ask(method, MEMBER, &format!("/chat/{group}/members/{user}"), None, &[]).await
}

async fn changed(caller: &mut Caller, group: &str, change: Value) -> Answer {
    caller.ask(Method::PATCH, "/chat/{group}", &format!("/chat/{group}"), Some(change), &[]).await
}

async fn given(caller: &mut Caller, group: &str, user: &str, role: &str) -> Answer {
    let (operation, path) = (format!("{MEMBER}/role"), format!("/chat/{group}/members/{user}/role"));
    caller.ask(Method::PUT, &operation, &path, Some(json!({"role": role})), &[]).await
}

async fn shown(caller: &mut Caller, group: &str) -> Answer {
    caller.get("/chat/{group}", &format!("/chat/{group}")).await
}

/// Each call once, as they are described.
pub async fn every_call(anna: &mut Caller) {
    let made = anna.post("/chat", "/chat", json!({"name": "calls", "members": [], "access": "open"})).await.expect(201);
    let group = made["id"].as_str().unwrap();
    assert_eq!(shown(anna, group).await.expect(200)["name"], "calls");
    assert_eq!(anna.get("/chat", "/chat?limit=1").await.expect(200)["groups"][0]["id"], group);
    let change = json!({"name": "talks", "about": "calls", "pinning": "members", "archived": false});
    changed(anna, group, change).await.expect(204);
    given(anna, group, "anna", "admin").await.expect(204);
    act(anna, group, "typing", None).await.expect(204);
    act(anna, group, "read", Some(json!({"seq": 1}))).await.expect(204);
    member(anna, Method::PUT, group, "anna").await.expect(204);
    member(anna, Method::DELETE, group, "nobody").await.expect(204);
    act(anna, group, "join", None).await.expect(204);
    act(anna, group, "join", Some(json!({"password": "correct horse"}))).await.expect(204);
    act(anna, group, "leave", None).await.expect(204);
}

async fn caller(hub: &Hub, user: &str) -> Caller {
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token(user));
    caller
}

#[tokio::test]
async fn who_holds_a_page_already_gets_it_once_and_pages_go_on_behind_a_cursor() {
    let hub = Hub::embedded().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    for name in ["c1", "c2", "c3"] {
        let group = anna.group(&[]).await;
        anna.send(&group, name, name).await;
    }
    let ask = async |path: &str, known: Option<&str>| {
        let request = http::client().get(format!("{}{path}", hub.http_url())).bearer_auth(token("anna"));
        let request = known.into_iter().fold(request, |request, tag| request.header("If-None-Match", tag));
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (tag, cache) = (header("etag").expect("a tag"), header("cache-control"));
        assert_eq!(cache.as_deref(), Some("private, no-cache"));
        (answer.status().as_u16(), tag, answer.text().await.unwrap())
    };
    let (_, tag, whole) = ask("/chat", None).await;
    assert_eq!(ask("/chat", Some(&tag)).await, (304, tag.clone(), String::new()));
    let whole: Value = serde_json::from_str(&whole).unwrap();
    let first: Value = serde_json::from_str(&ask("/chat?limit=1", None).await.2).unwrap();
    let next = first["next"].as_str().unwrap();
    // The newest two move behind the reader's back.
    let moved = whole["groups"][1]["id"].as_str().unwrap();
    anna.send(moved, "c4", "up").await;
    assert_eq!(ask("/chat", Some(&tag)).await.0, 200, "the page is another");
    let rest: Value = serde_json::from_str(&ask(&format!("/chat?cursor={next}"), None).await.2).unwrap();
    let ids: Vec<_> = rest["groups"].as_array().unwrap().iter().map(|group| &group["id"]).collect();
    assert_eq!((ids, &rest["more"]), (vec![&whole["groups"][2]["id"]], &json!(false)));
}

#[tokio::test]
async fn who_says_that_nothing_more_comes_is_answered() {
    let hub = Hub::embedded().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    let group = anna.group(&[]).await;
    for number in 0..15 {
        let body = json!({"text": "half", "cid": format!("c{number}")}).to_string();
        let (bearer, length) = (token("anna"), body.len());
        let mut raw = Raw::dial(&hub.address()).await.unwrap();
        let request = format!(
            "POST /chat/{group}/message HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {bearer}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        raw.write(request.as_bytes()).await.unwrap();
        raw.finish().await.unwrap();
        assert_eq!(raw.status().await, Some(201));
    }
}

#[tokio::test]
async fn what_calls_do_to_a_group_its_members_see_in_their_sessions() {
    let hub = Hub::embedded().await;
    let [mut anna, mut bert, _cleo] = Peer::people(&hub, Encoding::Json, ["anna", "bert", "cleo"]).await;
    let (mut by_anna, mut by_bert) = (caller(&hub, "anna").await, caller(&hub, "bert").await);
    let new = json!({"name": "trip", "members": ["bert"], "cid": "c1"});
    let made = by_anna.post("/chat", "/chat", new.clone()).await.expect(201);
    let group = made["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&made["count"], &made["members"][0]),
        (&json!(2), &json!({"id": "anna", "name": "anna", "role": "admin"}))
    );
    for peer in [&mut anna, &mut bert] {
        assert_eq!(peer.next("group").await["name"], "trip");
    }
    // As over WebSocket, and together with it: a group is made once.
    assert_eq!(by_anna.post("/chat", "/chat", new).await.expect(201)["id"], json!(group));
    let again = json!({"type": "create", "name": "trip", "members": ["bert"], "cid": "c1"});
    assert_eq!(anna.ask(again, "group").await["id"], json!(group));

    member(&mut by_anna, Method::PUT, &group, "cleo").await.expect(204);
    let joined =
        |user: &'static str| move |frame: &Value| frame["kind"] == "joined" && frame["data"]["users"] == json!([user]);
    bert.next_where(joined("cleo")).await;
    member(&mut by_anna, Method::DELETE, &group, "cleo").await.expect(204);
    bert.next_where(|frame| frame["kind"] == "left" && frame["data"]["users"] == json!(["cleo"])).await;

    bert.ask(json!({"type": "watch", "groups": [group]}), "presence").await;
    act(&mut by_anna, &group, "typing", None).await.expect(204);
    assert_eq!(bert.next("typing").await["user"], "anna");
    let seq = bert.send(&group, "m1", "when?").await;
    act(&mut by_anna, &group, "read", Some(json!({"seq": seq + 1_000}))).await.expect(204);
    let receipt = bert.next_where(|frame| frame["type"] == "receipt" && frame["user"] == "anna").await;
    assert_eq!(receipt["read"], json!(seq));
    let seen = shown(&mut by_anna, &group).await.expect(200);
    assert_eq!((&seen["unread"], &seen["read"], &seen["last"]["text"]), (&json!(0), &json!(seq), &json!("when?")));

    act(&mut by_bert, &group, "leave", None).await.expect(204);
    anna.next_where(|frame| frame["kind"] == "left" && frame["data"]["users"] == json!(["bert"])).await;
    assert_eq!(shown(&mut by_bert, &group).await.problem(404), "not_found");
}

#[tokio::test]
async fn lists_go_by_activity_page_by_page_as_in_a_session() {
    let hub = Hub::embedded().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    let mut by_anna = caller(&hub, "anna").await;
    let mut groups = Vec::new();
    for _ in 0..3 {
        groups.push(anna.group(&[]).await);
    }
    anna.send(&groups[0], "m1", "newest").await;
    let mut listed = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = by_anna.get("/chat", &format!("/chat{query}")).await.expect(200);
        listed.extend(page["groups"].as_array().unwrap().clone());
        if page["more"] == false {
            break;
        }
        query = format!("?limit=2&after={}", listed.last().unwrap()["id"].as_str().unwrap());
    }
    let told = anna.ask(json!({"type": "groups"}), "groups").await;
    assert_eq!(json!(listed), told["groups"], "fields and order are those of the frame");
    assert_eq!(listed[0]["last"]["text"], "newest");
}

#[tokio::test]
async fn strangers_are_refused_as_over_a_socket() {
    let hub = Hub::embedded().await;
    let [mut anna, mut eve] = Peer::people(&hub, Encoding::Json, ["anna", "eve"]).await;
    let mut by_eve = caller(&hub, "eve").await;
    let group = anna.group(&[]).await;
    for (what, body) in [("typing", None), ("read", Some(json!({"seq": 1}))), ("join", None)] {
        let mut frame = body.clone().unwrap_or_else(|| json!({}));
        frame["type"] = json!(what);
        frame["group"] = json!(group);
        let refused = eve.refused(frame).await;
        assert_eq!(act(&mut by_eve, &group, what, body).await.problem(403), refused, "{what}");
    }
    // Whoever is no member leaves without a change.
    eve.ask(json!({"type": "leave", "group": group}), "ok").await;
    act(&mut by_eve, &group, "leave", None).await.expect(204);
    for (method, what) in [(Method::PUT, "add"), (Method::DELETE, "remove")] {
        let refused = eve.refused(json!({"type": what, "group": group, "users": ["eve"]})).await;
        assert_eq!(member(&mut by_eve, method, &group, "eve").await.problem(403), refused, "{what}");
    }
    assert_eq!(shown(&mut by_eve, &group).await.problem(404), "not_found");
    assert_eq!(by_eve.get("/chat", "/chat").await.expect(200), json!({"groups": [], "more": false}));
    let unknown = json!({"name": "x", "members": ["nobody"]});
    assert_eq!(by_eve.post("/chat", "/chat", unknown).await.problem(404), "not_found");
    assert_eq!(by_eve.post("/chat", "/chat", json!({"name": " ", "members": []})).await.problem(400), "bad_frame");
}

#[tokio::test]
async fn what_admins_change_by_calls_is_seen_in_sessions_and_refused_alike() {
    let hub = Hub::embedded().await;
    let [mut anna, mut bert, _cleo] = Peer::people(&hub, Encoding::Json, ["anna", "bert", "cleo"]).await;
    let (mut by_anna, mut by_bert, mut by_cleo) =
        (caller(&hub, "anna").await, caller(&hub, "bert").await, caller(&hub, "cleo").await);
    let group = anna.group(&["bert"]).await;
    assert_eq!(shown(&mut by_cleo, &group).await.problem(404), "not_found");
    let change = json!({"name": "talks", "about": "calls", "access": "open", "pinning": "members"});
    assert_eq!(changed(&mut by_bert, &group, change.clone()).await.problem(403), "forbidden");
    changed(&mut by_anna, &group, change.clone()).await.expect(204);
    assert_eq!(bert.next_where(|frame| frame["kind"] == "updated").await["data"], change);
    let seen = shown(&mut by_bert, &group).await.expect(200);
    assert_eq!(
        (&seen["name"], &seen["about"], &seen["pinning"]),
        (&json!("talks"), &json!("calls"), &json!("members"))
    );
    assert_eq!((&seen["online"], seen.get("archived")), (&json!(1), None));
    let open = json!({"id": group, "name": "talks", "access": "open", "count": 2});
    assert_eq!(shown(&mut by_cleo, &group).await.expect(200), open);
    for (wrong, status, code) in [
        (json!({"name": ""}), 400, "bad_frame"),
        (json!({"access": "nobody"}), 400, "bad_frame"),
        (json!({"about": "x".repeat(501)}), 413, "too_large"),
        (json!({"image": "x"}), 422, "unsupported"),
    ] {
        assert_eq!(changed(&mut by_anna, &group, wrong.clone()).await.problem(status), code, "{wrong}");
    }
    assert_eq!(given(&mut by_anna, &group, "anna", "member").await.problem(409), "conflict");
    assert_eq!(given(&mut by_bert, &group, "bert", "admin").await.problem(403), "forbidden");
    given(&mut by_anna, &group, "bert", "admin").await.expect(204);
    bert.next_where(|frame| frame["kind"] == "role").await;
    changed(&mut by_bert, &group, json!({"archived": true})).await.expect(204);
    assert_eq!(shown(&mut by_anna, &group).await.expect(200)["archived"], true);
    act(&mut by_anna, &group, "typing", None).await.expect(204);
    assert_eq!(act(&mut by_cleo, &group, "join", None).await.problem(403), "forbidden");
}

#[tokio::test]
async fn a_groups_password_is_asked_of_calls_too() {
    let hub = Hub::embedded().await;
    let [_anna, mut bert] = Peer::people(&hub, Encoding::Json, ["anna", "bert"]).await;
    let (mut by_anna, mut by_bert) = (caller(&hub, "anna").await, caller(&hub, "bert").await);
    let new = json!({"name": "secret", "members": [], "access": "password", "password": "correct horse"});
    let made = by_anna.post("/chat", "/chat", new).await.expect(201);
    let group = made["id"].as_str().unwrap();
    assert_eq!(made["access"], "password");
    let unheard = json!({"name": "secret", "members": [], "access": "password"});
    assert_eq!(by_anna.post("/chat", "/chat", unheard).await.problem(400), "bad_frame");
    assert_eq!(act(&mut by_bert, group, "join", None).await.problem(403), "forbidden");
    let with = |password: &str| Some(json!({"password": password}));
    assert_eq!(act(&mut by_bert, group, "join", with("wrong horse")).await.problem(403), "forbidden");
    changed(&mut by_anna, group, json!({"password": "another horse"})).await.expect(204);
    assert_eq!(act(&mut by_bert, group, "join", with("correct horse")).await.problem(403), "forbidden");
    act(&mut by_bert, group, "join", with("another horse")).await.expect(204);
    assert_eq!(bert.next("group").await["id"], group);
}
