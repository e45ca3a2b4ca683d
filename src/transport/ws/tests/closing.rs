//! Every way in which a connection ends.

use bytes::Bytes;
use serde_json::json;

use crate::domain::Ending;
use crate::ports::Offered;
use crate::transport::testing::{Echo, Raw, Server, eventually};
use crate::transport::wire::testing::{frame, text};
use crate::transport::{TransportConfig, WebSocketConfig};

async fn server() -> Server {
    Server::start(TransportConfig::default(), Echo::default()).await
}

/// What a client that sends these bytes is closed with.
async fn closed_with(bytes: &[u8]) -> u16 {
    let server = server().await;
    let mut client = Raw::open(server.address).await;
    client.send(bytes).await;
    let (code, bye) = client.closed().await;
    assert_eq!(bye, None, "who breaks the rules is not talked to");
    // The hub says that nothing more comes, and does not wait for an answer.
    assert_eq!(client.frame().await, None);
    drop(client);
    eventually("the session ended", || *server.echo.ended.lock() == 1).await;
    code
}

#[tokio::test]
async fn breaches_of_the_rules_have_their_codes() {
    assert_eq!(closed_with(&[0x81, 0x02, b'h', b'i']).await, 1002);
    assert_eq!(closed_with(&frame(0xc1, b"x")).await, 1002);
    assert_eq!(closed_with(&frame(0x80, b"x")).await, 1002);
    assert_eq!(closed_with(&frame(0x89, &[b'x'; 126])).await, 1002);
    assert_eq!(closed_with(&frame(0x88, &1005u16.to_be_bytes())).await, 1002);
    assert_eq!(closed_with(&frame(0x82, b"x")).await, 1003);
    assert_eq!(closed_with(&frame(0x81, b"\xff")).await, 1007);
    let limit = WebSocketConfig::default().max_message;
    assert_eq!(closed_with(&frame(0x81, &vec![b'x'; limit + 1])[..100]).await, 1009);
    assert_eq!(closed_with(&[frame(0x01, &vec![b'x'; limit]), frame(0x80, b"x")].concat()).await, 1009);
}

#[tokio::test]
async fn a_client_closes_with_its_own_code() {
    for (payload, answer) in [(&b"\x03\xe9bye"[..], &b"\x03\xe9"[..]), (b"", b"")] {
        let server = server().await;
        let mut client = Raw::open(server.address).await;
        client.send(&[text("hello"), frame(0x88, payload), text("too late")].concat()).await;
        assert_eq!(client.text().await, "hello");
        assert_eq!(client.frame().await, Some((0x88, answer.to_vec())));
        assert_eq!(client.frame().await, None);
        assert_eq!(server.metric("hubbub_closes_total", "client"), 1.0);
    }
}

#[tokio::test]
async fn the_hub_says_bye_closes_and_waits_for_the_answer() {
    let server = server().await;
    let mut client = Raw::open(server.address).await;
    client.send(&[text("hello"), text("go away"), text("not heard")].concat()).await;
    assert_eq!(client.text().await, "hello");
    let (code, bye) = client.closed().await;
    assert_eq!(code, 4003);
    assert_eq!(bye.unwrap(), json!({"type": "bye", "code": 4003, "reconnect": false, "after": 0}));
    eventually("the session ended", || *server.echo.ended.lock() == 1).await;
    assert_eq!(server.newest().offer(&Bytes::from_static(b"x")), Offered::Closed);
    client.finish().await;
    assert_eq!(server.metric("hubbub_closes_total", "4003"), 1.0);
}

#[tokio::test]
async fn a_close_from_elsewhere_reaches_an_idle_client_and_the_first_code_stands() {
    let server = server().await;
    let mut client = Raw::open(server.address).await;
    client.send(&text("hello")).await;
    assert_eq!(client.text().await, "hello");
    let outbound = server.newest();
    outbound.close(Ending::Restart { after: 70, url: Some("wss://b/ws".into()) });
    outbound.close(Ending::Failed);
    let bye = json!({"type": "bye", "code": 1012, "reconnect": true, "after": 70, "url": "wss://b/ws"});
    assert_eq!(client.closed().await, (1012, Some(bye)));
    client.finish().await;
}

#[tokio::test]
async fn who_does_not_answer_a_close_is_cut_off() {
    let websocket = WebSocketConfig { close_deadline: std::time::Duration::from_millis(50), ..Default::default() };
    let server = Server::start(TransportConfig { websocket, ..Default::default() }, Echo::default()).await;
    let mut client = Raw::open(server.address).await;
    client.send(&text("go away")).await;
    assert_eq!(client.closed().await.0, 4003);
    assert_eq!(client.frame().await, None);
    server.echo.came.lock().clear();
    eventually("nothing is left", || server.metric("hubbub_connections", "") == 0.0).await;
}

#[tokio::test]
async fn too_many_control_frames_are_too_many() {
    let websocket = WebSocketConfig { max_control_frames: 100, ..Default::default() };
    let server = Server::start(TransportConfig { websocket, ..Default::default() }, Echo::default()).await;
    let mut client = Raw::open(server.address).await;
    let pings: Vec<u8> = (0..101).flat_map(|_| frame(0x89, b"")).collect();
    client.send(&pings).await;
    let (code, bye) = client.closed().await;
    assert_eq!((code, &bye.unwrap()["reconnect"]), (1008, &json!(false)));
    client.finish().await;
}
