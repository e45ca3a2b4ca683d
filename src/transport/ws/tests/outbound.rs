//! The way out: order, queue, slow readers.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncReadExt;

use crate::ports::Offered;
use crate::protocol::{Encoding, frame_of};
use crate::transport::testing::{Echo, PATIENCE, Raw, Server, eventually};
use crate::transport::wire::testing::text;
use crate::transport::{TransportConfig, WebSocketConfig};

/// More than the kernel's buffers of both ends take.
const MUCH: usize = 64 * 1024 * 1024;

async fn greeted(websocket: WebSocketConfig) -> (Server, Raw) {
    let server = Server::start(TransportConfig { websocket, ..Default::default() }, Echo::default()).await;
    let mut client = Raw::open(server.address).await;
    client.send(&text("hello")).await;
    assert_eq!(client.text().await, "hello");
    (server, client)
}

fn numbered(number: usize) -> Bytes {
    frame_of(format!("{number:0>1000}").as_bytes(), Encoding::Json)
}

#[tokio::test]
async fn an_idle_socket_takes_frames_at_once() {
    let (server, mut client) = greeted(WebSocketConfig::default()).await;
    assert_eq!(server.newest().offer(&numbered(1)), Offered::Written);
    assert_eq!(server.queued(), 0.0);
    assert_eq!(client.text().await.trim_start_matches('0'), "1");
    assert_eq!(server.metric("hubbub_queued_writes_total", ""), 0.0);
}

#[tokio::test]
async fn what_is_queued_arrives_in_order_and_drained_tells_when() {
    let (server, mut client) = greeted(WebSocketConfig { max_queue: MUCH, ..Default::default() }).await;
    let outbound = server.newest();
    let mut sent = 0;
    while server.queued() < 500_000.0 {
        outbound.offer(&numbered(sent));
        sent += 1;
    }
    let drained = tokio::spawn({
        let outbound = outbound.clone();
        async move { outbound.drained().await }
    });
    for number in 0..sent {
        assert_eq!(client.text().await.parse::<usize>().unwrap(), number);
    }
    tokio::time::timeout(PATIENCE, drained).await.expect("drained").unwrap();
    assert_eq!(server.queued(), 0.0);
    assert_eq!(outbound.offer(&numbered(sent)), Offered::Written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_from_many_threads_are_never_torn() {
    let (server, client) = greeted(WebSocketConfig { max_queue: MUCH, ..Default::default() }).await;
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let outbound = server.newest();
            tokio::task::spawn_blocking(move || {
                (0..5_000).for_each(|at| {
                    outbound.offer(&numbered(sender * 1_000_000 + at));
                });
            })
        })
        .collect();
    let mut client = tokio::io::BufReader::new(client.stream);
    let mut next = [0; 4];
    for _ in 0..20_000 {
        let mut frame = [0; 4 + 1_000];
        client.read_exact(&mut frame).await.unwrap();
        assert_eq!(frame[..4], numbered(0)[..4]);
        let number: usize = std::str::from_utf8(&frame[4..]).unwrap().parse().unwrap();
        assert_eq!(number % 1_000_000, next[number / 1_000_000]);
        next[number / 1_000_000] += 1;
    }
    for sender in senders {
        sender.await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_too_slow_is_sent_away_and_can_still_read_what_it_got() {
    let (server, mut client) = greeted(WebSocketConfig { max_queue: 100_000, ..Default::default() }).await;
    let outbound = server.newest();
    let mut sent = 0;
    while outbound.offer(&numbered(sent)) != Offered::Closed {
        sent += 1;
    }
    assert!(server.queued() < 10_000.0, "what waited was dropped");
    tokio::time::timeout(PATIENCE, outbound.drained()).await.expect("closing counts as drained");
    let mut next = 0;
    let bye = loop {
        let text = client.text().await;
        match text.parse::<usize>() {
            Ok(number) => assert_eq!(number, next),
            Err(_) => break text,
        }
        next += 1;
    };
    let expected = serde_json::json!({"type": "bye", "code": 1013, "reconnect": true, "after": 1000});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&bye).unwrap(), expected);
    assert_eq!(client.closed().await.0, 1013);
    client.finish().await;
    assert_eq!(server.metric("hubbub_slow_reader_closes_total", ""), 1.0);
}

#[tokio::test]
async fn who_never_reads_is_cut_off_and_costs_nothing_more() {
    let websocket =
        WebSocketConfig { max_queue: 100_000, close_deadline: Duration::from_millis(50), ..Default::default() };
    let (server, client) = greeted(websocket).await;
    {
        let outbound = server.newest();
        while outbound.offer(&numbered(0)) != Offered::Closed {}
    }
    server.echo.came.lock().clear();
    eventually("nothing is left", || server.metric("hubbub_connections", "") == 0.0).await;
    assert_eq!(server.metric("hubbub_queue_bytes", ""), 0.0);
    drop(client);
}

#[tokio::test]
async fn one_large_piece_is_no_sign_of_a_slow_reader() {
    let (server, mut client) = greeted(WebSocketConfig { max_queue: 1_000, ..Default::default() }).await;
    let large = frame_of(&vec![b'x'; 16 * 1024 * 1024], Encoding::Json);
    assert_eq!(server.newest().offer(&large), Offered::Queued);
    assert_eq!(client.text().await.len(), 16 * 1024 * 1024);
}

#[tokio::test]
async fn pings_of_who_does_not_read_do_not_pile_up() {
    use crate::transport::wire::testing::frame;

    let (server, mut client) = greeted(WebSocketConfig { max_queue: MUCH, ..Default::default() }).await;
    let outbound = server.newest();
    let mut sent = 0;
    while server.queued() < 8_000_000.0 {
        outbound.offer(&numbered(sent));
        sent += 1;
    }
    for ping in 0..200u8 {
        client.send(&frame(0x89, &[ping])).await;
    }
    client.send(&text("after")).await;
    eventually("all were heard", || server.metric("hubbub_received_messages_total", "") == 2.0).await;
    for number in 0..sent {
        assert_eq!(client.text().await.parse::<usize>().unwrap(), number);
    }
    assert_eq!(client.text().await, "after");
    // Many were owed; the newest of them is always answered.
    let mut pongs = 0;
    loop {
        let (first, payload) = client.frame().await.unwrap();
        assert_eq!(first, 0x8a);
        pongs += 1;
        if payload == [199] {
            break;
        }
    }
    assert!(pongs <= 16, "{pongs} pongs");
}
