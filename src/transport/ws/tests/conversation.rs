//! Messages in, messages out.

use crate::transport::TransportConfig;
use crate::transport::testing::{Echo, Raw, Server, eventually, handshake};
use crate::transport::wire::testing::{frame, text};

fn any_bytes() -> Echo {
    Echo { protocol: false, ..Echo::default() }
}

async fn server(echo: Echo) -> Server {
    Server::start(TransportConfig::default(), echo).await
}

#[tokio::test]
async fn messages_come_back_in_order_however_they_are_cut() {
    let server = server(any_bytes()).await;
    let mut client = Raw::open(server.address).await;
    let bytes =
        [text("one"), frame(0x01, b"t"), frame(0x89, b"?"), frame(0x80, b"wo"), frame(0x82, &[0xff; 300])].concat();
    for piece in bytes.chunks(5) {
        client.send(piece).await;
    }
    assert_eq!(client.frame().await, Some((0x81, b"one".to_vec())));
    assert_eq!(client.frame().await, Some((0x8a, b"?".to_vec())));
    assert_eq!(client.frame().await, Some((0x81, b"two".to_vec())));
    assert_eq!(client.frame().await, Some((0x82, vec![0xff; 300])));
}

#[tokio::test]
async fn frames_right_behind_the_handshake_are_not_lost() {
    let server = server(any_bytes()).await;
    let mut client = Raw::dial(server.address).await;
    let frames = [text("early"), frame(0x82, &[7; 5_000]), text("cut")].concat();
    let (now, later) = frames.split_at(frames.len() - 2);
    client.send(&[handshake("/ws", &[]).as_bytes(), now].concat()).await;
    assert_eq!(client.answer().await.status, 101);
    assert_eq!(client.text().await, "early");
    assert_eq!(client.frame().await, Some((0x82, vec![7; 5_000])));
    client.send(later).await;
    assert_eq!(client.text().await, "cut");
}

#[tokio::test]
async fn a_burst_of_messages_larger_than_any_buffer_is_answered_whole() {
    let server = server(any_bytes()).await;
    let client = Raw::open(server.address).await;
    let (mut read, mut write) = client.stream.into_split();
    let sending = tokio::spawn(async move {
        for at in 0..20_000u32 {
            tokio::io::AsyncWriteExt::write_all(&mut write, &frame(0x82, &at.to_be_bytes())).await.unwrap();
        }
        write
    });
    for at in 0..20_000u32 {
        let mut frame = [0; 6];
        tokio::io::AsyncReadExt::read_exact(&mut read, &mut frame).await.unwrap();
        assert_eq!(frame[2..], at.to_be_bytes());
    }
    sending.await.unwrap();
}

#[tokio::test]
async fn pings_of_a_moment_are_answered_before_what_follows_them() {
    let server = server(any_bytes()).await;
    let mut client = Raw::open(server.address).await;
    let pings: Vec<u8> = (0..10u8).flat_map(|ping| frame(0x89, &[ping])).collect();
    client.send(&[pings, text("after")].concat()).await;
    for ping in 0..10 {
        assert_eq!(client.frame().await, Some((0x8a, vec![ping])));
    }
    assert_eq!(client.text().await, "after");
}

#[tokio::test]
async fn a_client_that_vanishes_ends_its_session() {
    let server = server(any_bytes()).await;
    let client = Raw::open(server.address).await;
    eventually("the connection counts", || server.metric("hubbub_connections", "") == 1.0).await;
    drop(client);
    eventually("the session ended", || *server.echo.ended.lock() == 1).await;
    server.echo.came.lock().clear();
    eventually("nothing is left", || server.metric("hubbub_connections", "") == 0.0).await;
    assert_eq!(server.metric("hubbub_closes_total", "lost"), 1.0);
    assert_eq!(server.metric("hubbub_queue_bytes", ""), 0.0);
}

#[tokio::test]
async fn an_idle_connection_is_small() {
    use crate::hub::ConnectionInfo;
    use crate::transport::ws::{Connections, start};
    use crate::transport::{TransportMetrics, WebSocketConfig};

    let metrics = TransportMetrics::register(&prometheus::Registry::new()).unwrap();
    let node = Connections::new(WebSocketConfig::default(), metrics.websocket);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let info = ConnectionInfo { peer: [127, 0, 0, 1].into(), identity: None };
    let echo = any_bytes();
    let task = start(&node, &echo, stream, Vec::new(), crate::protocol::Encoding::Json, info);
    assert!(size_of_val(&task) <= 768, "a task of {} bytes", size_of_val(&task));
    assert_eq!(node.metrics.queue_bytes.get(), 0);
    assert!(size_of::<crate::transport::ws::Conn>() <= 384, "{}", size_of::<crate::transport::ws::Conn>());
}
