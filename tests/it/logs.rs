//! What a node writes of itself, at its most talkative: well-formed lines, and nothing that is secret or was said.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::contract::client::Socket;
use crate::contract::stage::token;
use crate::support::{Hub, http, scratch};
use hubbub::protocol::Encoding;

const TEXT: &str = "meet me behind the gymnasium";
const PASSWORD: &str = "correct horse battery staple";

/// A line of Apache's combined format.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    from: String,
    time: String,
    request: String,
    status: u16,
    size: String,
    referer: String,
    agent: String,
}

// === impl Request ===

impl Request {
    fn parse(line: &str) -> Option<Self> {
        let (from, rest) = line.split_once(" - - [")?;
        let (time, rest) = rest.split_once("] \"")?;
        let (request, rest) = quoted(rest)?;
        let (numbers, rest) = rest.strip_prefix(' ')?.split_once(" \"")?;
        let (status, size) = numbers.split_once(' ')?;
        let (referer, rest) = quoted(rest)?;
        let (agent, rest) = quoted(rest.strip_prefix(" \"")?)?;
        let status = status.parse().ok().filter(|_| rest.is_empty())?;
        let [from, time, size] = [from, time, size].map(str::to_owned);
        Some(Self { from, time, request, status, size, referer, agent })
    }
}

/// Up to the closing quote, and what is behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((text[..at].to_owned(), &text[at + 1..])),
            _ => {}
        }
    }
    None
}

/// Does everything that carries a secret; all of them, by name.
async fn use_secrets(hub: &Hub) -> BTreeMap<&'static str, String> {
    let token = token("anna");
    let post = |path: &str| http::client().post(format!("{}{path}", hub.http_url()));
    let account = json!({"username": "bob", "password": PASSWORD});
    let registered = post("/auth/register").json(&account).send().await.expect("it answers");
    let registered: Value = registered.json().await.expect("JSON");
    post("/auth/login").json(&account).send().await.expect("it answers");
    let ticket = post("/auth/ticket").bearer_auth(&token).send().await.expect("it answers");
    let ticket: Value = ticket.json().await.expect("JSON");
    let [ticket, other] = [&ticket["ticket"], &registered["token"]].map(|value| value.as_str().unwrap().to_owned());

    shake_hands(hub, &format!("?ticket={ticket}"), "", "hubbub.v1.json").await;
    shake_hands(hub, &format!("?token={token}&page=1"), &token, &format!("hubbub.v1.json, {token}")).await;
    talk(hub).await;
    for path in
        [format!("/chat/message?page=0&access_token={token}"), format!("/nothing/{token}"), format!("/?{token}")]
    {
        let request = http::client().get(format!("{}{path}", hub.http_url())).bearer_auth(&token);
        let told =
            request.header("Referer", format!("http://a.example/{token}?{token}")).header("User-Agent", "a \"b\"");
        told.send().await.expect("it answers");
    }
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    BTreeMap::from([
        ("token", signature(&token)),
        ("claims", token.split('.').nth(1).unwrap().to_owned()),
        ("another's token", signature(&other)),
        ("ticket", ticket),
        ("password", PASSWORD.to_owned()),
        ("text", TEXT.to_owned()),
    ])
}

/// A WebSocket handshake, whatever comes of it.
async fn shake_hands(hub: &Hub, query: &str, bearer: &str, subprotocols: &str) {
    let mut request = format!("{}{query}", hub.ws_url()).into_client_request().expect("a valid address");
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_str(subprotocols).unwrap());
    if !bearer.is_empty() {
        request.headers_mut().insert("Authorization", HeaderValue::from_str(&format!("Bearer {bearer}")).unwrap());
    }
    let stream = TcpStream::connect(hub.address()).await.expect("the node takes connections");
    let (mut socket, answer) = client_async(request, stream).await.expect("it is a WebSocket");
    assert_eq!(answer.status(), 101);
    socket.close(None).await.expect("it closes");
}

async fn talk(hub: &Hub) {
    let mut wrong = Socket::connect(&hub.address(), Encoding::Json).await.expect("it connects");
    let forged = format!("{}x", token("anna"));
    wrong.ask(&json!({"type": "hello", "token": forged}), "error").await.expect("it is refused");
    let mut socket = Socket::connect(&hub.address(), Encoding::MsgPack).await.expect("it connects");
    socket.ask(&json!({"type": "hello", "token": token("anna")}), "welcome").await.expect("it is welcomed");
    let send = json!({"type": "send", "id": 1, "to": "bob", "cid": "1", "text": TEXT});
    let ack = socket.ask(&send, "ack").await.expect("it is stored");
    let broken = format!("{{\"type\":\"send\",\"text\":\"{TEXT}\"");
    socket.say(&json!(broken)).await.expect("it is sent");
    let url = format!("{}/chat/{}/message", hub.http_url(), ack["group"].as_str().unwrap());
    let posted = http::client().post(url).bearer_auth(token("anna")).json(&json!({"text": TEXT}));
    assert_eq!(posted.send().await.expect("it answers").status(), 201);
}

#[tokio::test]
async fn logs_are_well_formed_and_keep_every_secret() {
    let directory = scratch::directory("logs");
    let logs = directory.path().join("logs");
    let talkative = Hub::builder("a").env("HUBBUB_LOG", "trace").env("HUBBUB_LOG_FORMAT", "json");
    let mut hub = talkative.env("HUBBUB_LOG_DIR", logs.to_str().unwrap()).start().await;
    let secrets = use_secrets(&hub).await;
    assert!(hub.terminate().await.success());

    let read = |name: &str| fs::read_to_string(logs.join(name)).expect("it was written");
    let (requests, combined, errors) = (read("requests.log"), read("combined.log"), read("error.log"));
    let output = hub.process().log();
    for (log, text) in [("requests", &requests), ("combined", &combined), ("error", &errors), ("output", &output)] {
        for (name, secret) in &secrets {
            let told = text.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(told, None, "the {name} in {log}");
        }
    }
    every_line_says_what_it_must(&combined);
    every_line_says_what_it_must(&output);
    requests_are_apaches(&requests);
    assert_eq!(fs::read_dir(&logs).unwrap().count(), 6, "three files and a link to each");
}

fn every_line_says_what_it_must(log: &str) {
    assert!(log.lines().count() > 10, "{log}");
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for field in ["level", "message", "service", "timestamp"] {
            assert!(line[field].is_string(), "no {field}: {line}");
        }
    }
}

fn requests_are_apaches(log: &str) {
    let parse = |line: &str| Request::parse(line).unwrap_or_else(|| panic!("not Apache's: {line}"));
    let requests: Vec<_> = log.lines().map(parse).collect();
    assert!(requests.iter().all(|request| request.from == "127.0.0.1" && request.time.ends_with(" +0000")));
    let found = |wanted: &str| {
        let found = requests.iter().find(|request| request.request == wanted);
        found.unwrap_or_else(|| panic!("{wanted}: not in\n{log}"))
    };
    assert_eq!(found("GET /ws?*** HTTP/1.1").status, 101);
    assert_eq!(found("GET /ws?page=1&*** HTTP/1.1").status, 101);
    assert_eq!(found("POST /auth/register HTTP/1.1").status, 201);
    let history = found("GET /chat/message?page=0&*** HTTP/1.1");
    assert_eq!((history.status, history.agent.as_str()), (200, "a \\\"b\\\""));
    assert_eq!(history.referer, "http://a.example/***");
    assert!(history.size.parse::<u64>().is_ok());
    assert_eq!(found("GET /nothing/*** HTTP/1.1").status, 404);
}

#[tokio::test]
async fn without_a_directory_standard_output_is_all_there_is() {
    let hub = Hub::builder("a").env("HUBBUB_LOG_FORMAT", "json").start().await;
    let answer = http::client().get(hub.http_url()).send().await.expect("it answers");
    assert!(answer.status().is_success());
    let directory: &Path = &hub.data_directory();
    let files = fs::read_dir(directory.parent().unwrap()).unwrap().flatten().map(|entry| entry.path());
    let logs: Vec<_> = files.filter(|path| path.file_name().is_some_and(|name| name == "requests.log")).collect();
    assert!(logs.is_empty(), "{logs:?}");
    let log = hub.process().log();
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line["service"] == "hubbub")));
}
