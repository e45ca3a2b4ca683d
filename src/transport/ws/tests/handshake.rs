//! Who gets a connection, and what the others are told.

use std::time::Duration;

use crate::transport::testing::{ACCEPT, Answer, Echo, Raw, Server, eventually, handshake};
use crate::transport::wire::testing::text;
use crate::transport::{AdmissionConfig, HttpConfig, TransportConfig};

async fn server(admission: AdmissionConfig) -> Server {
    Server::start(TransportConfig { admission, ..Default::default() }, Echo::default()).await
}

fn behind_proxies() -> AdmissionConfig {
    AdmissionConfig { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..Default::default() }
}

fn code(answer: &Answer) -> String {
    assert!(answer.head.contains("content-type: application/problem+json"), "{answer:?}");
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem["status"], answer.status);
    problem["code"].as_str().unwrap().to_owned()
}

async fn refused(headers: &[&str]) -> (u16, String) {
    let server = server(AdmissionConfig::default()).await;
    let (_, answer) = Raw::ask(server.address, headers).await;
    (answer.status, code(&answer))
}

#[tokio::test]
async fn a_handshake_is_answered_as_the_rfc_says() {
    let server = server(AdmissionConfig::default()).await;
    let (_, answer) = Raw::ask(server.address, &["Sec-WebSocket-Protocol: x, hubbub.v1.msgpack"]).await;
    assert_eq!(answer.status, 101);
    assert!(answer.head.contains(&format!("sec-websocket-accept: {}", ACCEPT.to_ascii_lowercase())));
    assert!(answer.head.contains("sec-websocket-protocol: hubbub.v1.msgpack"));
    assert!(!answer.head.contains("sec-websocket-extensions"));
    let (_, answer) = Raw::ask(server.address, &["Sec-WebSocket-Extensions: permessage-deflate"]).await;
    assert!(!answer.head.contains("sec-websocket-protocol") && !answer.head.contains("extensions"));
}

#[tokio::test]
async fn what_is_no_handshake_is_told_so() {
    let server = server(AdmissionConfig::default()).await;
    let good = handshake("/ws", &[]);
    for (from, to, status) in [
        ("Upgrade: websocket", "Upgrade: h2c", 400),
        ("Connection: keep-alive, Upgrade", "Connection: keep-alive", 400),
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426),
        ("Sec-WebSocket-Key: dGhl", "Sec-WebSocket-Key: dGhlAAAA", 400),
        ("Sec-WebSocket-Key: dGhl", "X-Key: dGhl", 400),
    ] {
        let mut client = Raw::dial(server.address).await;
        client.send(good.replace(from, to).as_bytes()).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{to}");
        code(&answer);
    }
    assert_eq!(server.metric("hubbub_refused_connections_total", "handshake"), 5.0);
}

#[tokio::test]
async fn unknown_subprotocols_origins_and_tokens_are_refused() {
    assert_eq!(refused(&["Sec-WebSocket-Protocol: chat"]).await, (400, "bad_frame".into()));
    assert_eq!(refused(&["Origin: https://evil.example"]).await, (403, "forbidden".into()));
    assert_eq!(refused(&["Authorization: Bearer forged"]).await, (401, "unauthorized".into()));
    assert_eq!(refused(&["Authorization: Basic good"]).await, (401, "unauthorized".into()));
}

#[tokio::test]
async fn own_pages_and_those_of_live_nodes_may_connect() {
    let server = server(AdmissionConfig::default()).await;
    for origin in ["Origin: http://hub.test", "Origin: https://node.example"] {
        assert_eq!(Raw::ask(server.address, &[origin]).await.1.status, 101);
    }
}

#[tokio::test]
async fn a_token_or_ticket_on_the_request_proves_who_it_is() {
    let server = server(AdmissionConfig::default()).await;
    let (_, answer) = Raw::ask(server.address, &["Authorization: Bearer good"]).await;
    assert_eq!(answer.status, 101);
    for (path, status) in [("/ws?ticket=good", 101), ("/ws?ticket=used", 401)] {
        let mut client = Raw::dial(server.address).await;
        client.send(handshake(path, &[]).as_bytes()).await;
        assert_eq!(client.answer().await.status, status);
    }
    eventually("both came", || server.echo.came.lock().len() == 2).await;
    let known = |info: &crate::hub::ConnectionInfo| info.identity.as_ref().is_some_and(|i| i.user.as_str() == "anna");
    assert!(server.echo.came.lock().iter().all(|(_, info)| known(info)));
}

#[tokio::test]
async fn a_full_node_says_when_to_come_back() {
    let server = server(AdmissionConfig { max_connections: 1, ..Default::default() }).await;
    let first = Raw::open(server.address).await;
    let (_, answer) = Raw::ask(server.address, &[]).await;
    assert_eq!((answer.status, code(&answer)), (503, "overloaded".into()));
    assert!(answer.head.contains("retry-after: 1"));
    drop(first);
    server.echo.came.lock().clear();
    eventually("the place is free", || server.metric("hubbub_connections", "") == 0.0).await;
    Raw::open(server.address).await;
}

#[tokio::test]
async fn an_address_has_its_share() {
    let server = server(AdmissionConfig { max_connections_per_address: 2, ..Default::default() }).await;
    let _within = (Raw::open(server.address).await, Raw::open(server.address).await);
    let (_, answer) = Raw::ask(server.address, &[]).await;
    assert_eq!((answer.status, code(&answer)), (429, "rate_limited".into()));
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_share() {
    let server = server(AdmissionConfig { max_connections_per_address: 1, ..behind_proxies() }).await;
    let (_one, answer) = Raw::ask(server.address, &["X-Forwarded-For: 9.9.9.9, 1.2.3.4"]).await;
    assert_eq!(answer.status, 101);
    let (_, answer) = Raw::ask(server.address, &["X-Forwarded-For: 8.8.8.8, 1.2.3.4"]).await;
    assert_eq!(answer.status, 429);
    let (_two, answer) = Raw::ask(server.address, &["X-Forwarded-For: 1.2.3.5"]).await;
    assert_eq!(answer.status, 101);
    eventually("both came", || server.echo.came.lock().len() == 2).await;
    let peers: Vec<_> = server.echo.came.lock().iter().map(|(_, info)| info.peer.to_string()).collect();
    assert_eq!(peers, ["1.2.3.4", "1.2.3.5"]);
}

#[tokio::test]
async fn a_proxy_header_tells_the_client_and_must_be_there() {
    let server = server(AdmissionConfig { proxy_protocol: true, ..behind_proxies() }).await;
    let mut client = Raw::dial(server.address).await;
    client.send(b"PROXY TCP4 1.2.3.4 10.0.0.1 5678 443\r\n").await;
    client.send(handshake("/ws", &[]).as_bytes()).await;
    assert_eq!(client.answer().await.status, 101);
    eventually("it came", || server.echo.came.lock().len() == 1).await;
    assert_eq!(server.echo.came.lock()[0].1.peer.to_string(), "1.2.3.4");
    let mut client = Raw::dial(server.address).await;
    client.send(handshake("/ws", &[]).as_bytes()).await;
    assert_eq!(client.frame().await, None);
    assert_eq!(server.metric("hubbub_refused_connections_total", "proxy_header"), 1.0);
}

#[tokio::test]
async fn who_trickles_a_handshake_is_dropped() {
    let http = HttpConfig { header_timeout: Duration::from_millis(60), ..Default::default() };
    let server = Server::start(TransportConfig { http, ..Default::default() }, Echo::default()).await;
    let mut client = Raw::dial(server.address).await;
    client.send(&handshake("/ws", &[]).as_bytes()[..40]).await;
    eventually("it is let in", || server.metric("hubbub_http_connections", "") == 1.0).await;
    eventually("it is dropped", || server.metric("hubbub_http_connections", "") == 0.0).await;
}

#[tokio::test]
async fn too_many_half_open_handshakes_are_dropped_at_once() {
    let admission = AdmissionConfig { max_http_connections: 2, ..Default::default() };
    let server = server(admission).await;
    let _waiting = (Raw::dial(server.address).await, Raw::dial(server.address).await);
    eventually("both wait", || server.metric("hubbub_http_connections", "") == 2.0).await;
    let mut third = Raw::dial(server.address).await;
    assert_eq!(third.frame().await, None);
    drop(_waiting);
    eventually("they are gone", || server.metric("hubbub_http_connections", "") == 0.0).await;
    Raw::open(server.address).await;
}

#[tokio::test]
async fn a_stopped_listener_leaves_connections_alone() {
    let server = server(AdmissionConfig::default()).await;
    let mut client = Raw::open(server.address).await;
    client.send(&text("hello")).await;
    assert_eq!(client.text().await, "hello");
    server.stop.cancel();
    eventually("nobody is let in", || std::net::TcpStream::connect(server.address).is_err()).await;
    client.send(&text("still here")).await;
    assert_eq!(client.text().await, "still here");
}
