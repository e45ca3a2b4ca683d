//! The public API.

use hubbub::protocol::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use super::caller::Caller;
use crate::contract::client::Socket;
use crate::contract::stage::{connected, token};
use crate::support::{Hub, http};

async fn group_of(hub: &Hub, user: &str, members: &[&str]) -> String {
    let mut socket = connected(&hub.address(), user).await;
    let made = socket.ask(&json!({"type": "create", "id": 1, "name": "test", "members": members}), "group").await;
    made.unwrap()["id"].as_str().unwrap().to_owned()
}

/// Makes an account; its token.
pub async fn registered(caller: &mut Caller, username: &str) -> String {
    let account = json!({"username": username, "password": "a long password"});
    let made = caller.post("/auth/register", "/auth/register", account).await.expect(201);
    made["token"].as_str().unwrap().to_owned()
}

fn texts(page: &Value) -> String {
    let texts = page["messages"].as_array().unwrap().iter().filter_map(|message| message["text"].as_str());
    texts.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_operation_is_served_and_answers_as_described() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    let account = json!({"username": "anna", "password": "a long password", "name": "Anna"});
    let made = caller.post("/auth/register", "/auth/register", account.clone()).await.expect(201);
    assert_eq!(caller.post("/auth/register", "/auth/register", account.clone()).await.problem(409), "conflict");
    let logged_in = caller.post("/auth/login", "/auth/login", account).await.expect(200);
    assert_eq!(made["user"], logged_in["user"]);
    let wrong = json!({"username": "anna", "password": "another password"});
    assert_eq!(caller.post("/auth/login", "/auth/login", wrong).await.problem(401), "unauthorized");

    caller.bearer(made["token"].as_str().unwrap());
    caller.post("/auth/renew", "/auth/renew", json!({})).await.expect(200);

    super::me::every_call(&mut caller).await;
    caller.bearer(token("anna"));
    let group = group_of(&hub, "anna", &[]).await;
    let messages = format!("/chat/{group}/message");
    for number in 0..5 {
        let body = json!({"text": number.to_string(), "cid": format!("c{number}"), "data": {"n": number}});
        let stored = caller.post("/chat/{group}/message", &messages, body).await.expect(201);
        assert_eq!((&stored["group"], &stored["cid"]), (&json!(group), &json!(format!("c{number}"))));
    }
    for (query, expected, more) in [
        ("?page=0&perPage=2", "3 4", true),
        ("?page=1&perPage=2", "1 2", true),
        ("", "0 1 2 3 4", false),
        ("?after=1&limit=2", "0 1", true),
        ("?before=4&limit=1", "1", true),
    ] {
        let page = caller.get("/chat/{group}/message", &format!("{messages}{query}")).await.expect(200);
        assert_eq!((texts(&page).as_str(), &page["more"]), (expected, &json!(more)), "{query}");
        assert!(page["messages"].as_array().unwrap().iter().all(|m| m["kind"] != "text" || m["cid"].is_string()));
    }
    let newest = caller.get("/chat/{group}/message", &format!("{messages}?perPage=1")).await.expect(200);
    let reference = format!("{group}:{}", newest["messages"][0]["seq"]);
    let body = json!({"kind": "pinned", "ref": reference, "data": {"on": true}});
    caller.post("/chat/{group}/message", &messages, body).await.expect(201);
    let pins = caller.get("/chat/{group}/pins", &format!("/chat/{group}/pins")).await.expect(200);
    assert_eq!((texts(&pins).as_str(), &pins["messages"][0]["pinned"]), ("4", &json!(true)));
    let target = &reference[group.len() + 1..];
    let seen = format!("/chat/{group}/message/{target}/seen");
    let seen = caller.get("/chat/{group}/message/{seq}/seen", &seen).await.expect(200);
    assert_eq!(seen, json!({"read": ["anna"], "delivered": []}));
    let body = json!({"kind": "reaction", "ref": reference, "data": {"emoji": "👍", "on": true}});
    caller.post("/chat/{group}/message", &messages, body).await.expect(201);
    let reactions = format!("/chat/{group}/message/{target}/reactions");
    let reactions = caller.get("/chat/{group}/message/{seq}/reactions", &reactions).await.expect(200);
    assert_eq!((&reactions["users"][0]["id"], &reactions["users"][0]["emoji"]), (&json!("anna"), &json!("👍")));
    let bundle = caller.get("/chat/message", "/chat/message?perPage=1").await.expect(200);
    assert_eq!((texts(&bundle["groups"][0]).as_str(), &bundle["groups"][0]["more"]), ("4", &json!(true)));

    super::groups::every_call(&mut caller).await;
    super::invites::every_call(&mut caller).await;
    let found = caller.get("/users", "/users?username=AN").await.expect(200);
    assert_eq!((&found[0]["username"], &found[0]["name"]), (&json!("anna"), &json!("Anna")));
    let shown = caller.get("/users/{user}", "/users/anna").await.expect(200);
    assert_eq!((&shown["name"], &shown["online"]), (&json!("Anna"), &json!(false)));
    let location = caller.get("/chat/location", "/chat/location").await.expect(200);
    assert_eq!(location, json!({"url": hub.ws_url(), "node": "a"}));
    caller.post("/auth/ticket", "/auth/ticket", json!({})).await.expect(201);
    for path in ["/", "/hubbub.js", "/openapi.json", "/asyncapi.json"] {
        caller.get(path, path).await.expect(200);
    }
    assert_eq!(caller.not_asked(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_told_as_a_problem() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    let group = group_of(&hub, "anna", &[]).await;
    let (path, messages) = ("/chat/{group}/message", format!("/chat/{group}/message"));
    assert_eq!(caller.get(path, &messages).await.problem(401), "unauthorized");
    caller.bearer("forged");
    assert_eq!(caller.get(path, &messages).await.problem(401), "unauthorized");
    caller.bearer(token("bert"));
    assert_eq!(caller.get(path, &messages).await.problem(404), "not_found");
    assert_eq!(caller.get(path, "/chat/nonsense/message").await.problem(404), "not_found");
    assert_eq!(caller.post(path, &messages, json!({"text": "x"})).await.problem(403), "forbidden");
    caller.bearer(token("anna"));
    for query in ["?page=x", "?before=1&after=2", "?perPage=0", "?page=0&limit=1"] {
        assert_eq!(caller.get(path, &format!("{messages}{query}")).await.problem(400), "bad_frame", "{query}");
    }
    for (body, status, code) in [
        (json!({}), 400, "bad_frame"),
        (json!({"text": 5}), 400, "bad_frame"),
        (json!({"text": "x", "cid": ""}), 400, "bad_frame"),
        (json!({"text": "x", "ref": "nonsense"}), 400, "bad_frame"),
        (json!({"text": "x", "kind": "starred"}), 422, "unsupported"),
        (json!({"text": "x".repeat(4_001)}), 413, "too_large"),
        (json!({"text": "x".repeat(70_000)}), 413, "too_large"),
    ] {
        assert_eq!(caller.post(path, &messages, body).await.problem(status), code);
    }
    let no_json = http::client().post(format!("{}{messages}", hub.http_url())).bearer_auth(token("anna")).body("x");
    assert_eq!(no_json.send().await.unwrap().status(), 415);
    let wrong_method = http::client().delete(format!("{}{messages}", hub.http_url())).send().await.unwrap();
    assert_eq!(wrong_method.status(), 405);
    let nowhere: Value = reqwest_json(&format!("{}/nowhere", hub.http_url())).await;
    assert_eq!((&nowhere["status"], &nowhere["code"]), (&json!(404), &json!("not_found")));
}

async fn reqwest_json(url: &str) -> Value {
    http::client().get(url).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn an_idempotency_key_serves_as_cid() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("anna"));
    let messages = format!("/chat/{}/message", group_of(&hub, "anna", &[]).await);
    let key = [("Idempotency-Key", "once")];
    let mut send = async |body| caller.ask(Method::POST, "/chat/{group}/message", &messages, Some(body), &key).await;
    let first = send(json!({"text": "one"})).await.expect(201);
    assert_eq!(first["cid"], "once");
    assert_eq!(send(json!({"text": "two"})).await.expect(201), first);
    assert_eq!(send(json!({"text": "x", "cid": "other"})).await.problem(400), "bad_frame");
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("anna"));
    let ticket = caller.post("/auth/ticket", "/auth/ticket", json!({})).await.expect(201);
    let url = format!("{}?ticket={}", hub.ws_url(), ticket["ticket"].as_str().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.expect("the ticket is good");
    use futures::{SinkExt, StreamExt};
    socket.send(r#"{"type":"hello","id":1}"#.into()).await.unwrap();
    let welcome: Value = serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
    assert_eq!((&welcome["type"], &welcome["user"]), (&json!("welcome"), &json!("anna")));
    let again = tokio_tungstenite::connect_async(&url).await;
    assert!(matches!(again, Err(tokio_tungstenite::tungstenite::Error::Http(answer)) if answer.status() == 401));
}

#[tokio::test]
async fn pages_are_served_with_care_and_other_origins_kept_out() {
    let hub = Hub::builder("a").env("HUBBUB_ALLOWED_ORIGINS", "https://app.example").start().await;
    let client = http::client();
    let page = client.get(hub.http_url()).send().await.unwrap();
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'self'"));
    assert_eq!((header("x-content-type-options"), header("referrer-policy")), ("nosniff".into(), "no-referrer".into()));
    let etag = header("etag");
    let again = client.get(hub.http_url()).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    for (origin, allowed) in [("https://app.example", true), ("https://evil.example", false), (&hub.http_url(), true)] {
        let preflight = client
            .request(Method::OPTIONS, format!("{}/chat/message", hub.http_url()))
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        let answer = preflight.send().await.unwrap();
        let told = answer.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(told, allowed.then(|| origin.to_owned()), "{origin}");
        let mut request =
            tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(hub.ws_url()).unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        assert_eq!(tokio_tungstenite::connect_async(request).await.is_ok(), allowed, "{origin}");
    }
    assert!(Socket::connect(&hub.address(), Encoding::Json).await.is_ok(), "no origin: no browser");
}
