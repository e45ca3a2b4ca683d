//! Deadlines, with short settings and real sockets.

use std::time::Duration;

use crate::domain::now_ms;
use crate::transport::testing::{Echo, Raw, Server};
use crate::transport::wire::testing::{frame, text};
use crate::transport::{TransportConfig, WebSocketConfig};

/// So long that it cannot matter in a test.
const LONG: Duration = Duration::from_secs(3600);

async fn server(websocket: WebSocketConfig, echo: Echo) -> Server {
    Server::start(TransportConfig { websocket, ..Default::default() }, echo).await
}

#[tokio::test]
async fn without_a_hello_a_client_is_sent_away() {
    let websocket = WebSocketConfig { hello_deadline: Duration::from_millis(60), ..Default::default() };
    let server = server(websocket, Echo::default()).await;
    let mut client = Raw::open(server.address).await;
    client.send(&text("not a hello")).await;
    let (code, bye) = client.closed().await;
    assert_eq!((code, bye.unwrap()["reconnect"].as_bool()), (4001, Some(false)));
    client.finish().await;
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let websocket = WebSocketConfig { heartbeat: LONG, idle: LONG, ..Default::default() };
    let echo = Echo { expires: now_ms() + 150, ..Echo::default() };
    let server = server(websocket, echo).await;
    let mut client = Raw::open(server.address).await;
    client.send(&text("hello")).await;
    assert_eq!(client.text().await, "hello");
    let (code, bye) = client.closed().await;
    assert_eq!((code, bye.unwrap()["reconnect"].as_bool()), (4002, Some(false)));
    client.finish().await;
}

#[tokio::test]
async fn the_silent_are_pinged_and_those_who_answer_stay() {
    let websocket = WebSocketConfig {
        heartbeat: Duration::from_millis(40),
        idle: Duration::from_millis(400),
        ..Default::default()
    };
    let server = server(websocket, Echo::default()).await;
    let mut client = Raw::open(server.address).await;
    client.send(&text("hello")).await;
    assert_eq!(client.text().await, "hello");
    // Three times as long as silence would be borne.
    for _ in 0..30 {
        assert_eq!(client.frame().await, Some((0x89, vec![])));
        client.send(&frame(0x8a, b"")).await;
    }
    // From here on silent: more pings, then the end.
    let (code, bye) = client.closed().await;
    assert_eq!((code, bye.unwrap()["reconnect"].as_bool()), (4101, Some(true)));
    assert!(server.metric("hubbub_pings_total", "") > 30.0);
    client.finish().await;
}
