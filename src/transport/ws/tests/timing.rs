//! Deadlines, with short settings and real sockets.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::domain::now_ms;
use crate::ports::Offered;
use crate::protocol::{Encoding, frame_of};
use crate::transport::testing::{Echo, PATIENCE, Raw, Server};
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

#[tokio::test]
async fn who_talks_and_reads_nothing_is_sent_away() {
    let websocket = WebSocketConfig {
        heartbeat: Duration::from_millis(100),
        idle: Duration::from_secs(2),
        close_deadline: Duration::from_millis(50),
        ..Default::default()
    };
    let server = server(websocket, Echo::default()).await;
    let mut client = Raw::open(server.address).await;
    client.send(&text("hello")).await;
    assert_eq!(client.text().await, "hello");
    // More than the kernel's buffers of both ends take.
    let large = frame_of(&vec![b'x'; 64 * 1024 * 1024], Encoding::Json);
    assert_eq!(server.newest().offer(&large), Offered::Queued);
    server.echo.came.lock().clear();
    let talking = async {
        while server.metric("hubbub_connections", "") > 0.0 {
            // Its end is seen by the metric.
            let _ = client.stream.write_all(&frame(0x8a, b"")).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, talking).await.expect("it is sent away");
    assert_eq!(server.metric("hubbub_slow_reader_closes_total", ""), 1.0);
    assert_eq!(server.metric("hubbub_queue_bytes", ""), 0.0);
}
