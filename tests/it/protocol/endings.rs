//! Every way in which the hub ends a connection.

use hubbub::domain::now_ms;
use hubbub::protocol::Encoding;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::peer::Peer;
use crate::support::Hub;
use crate::support::hub::JWT_SECRET;
use crate::support::wait::eventually;

/// A token with these claims.
fn token_of(claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).expect("HS256 signs anything")
}

fn bye(code: u16, reconnect: bool) -> Value {
    json!({"type": "bye", "code": code, "reconnect": reconnect, "after": 0})
}

#[tokio::test]
async fn without_a_valid_hello_4001() {
    let hub = Hub::builder("a").env("HUBBUB_HELLO_DEADLINE", "300ms").start().await;
    for encoding in Encoding::ALL {
        let mut silent = Peer::stranger(&hub, encoding).await;
        assert_eq!(silent.over().await, (Some(4001), Some(bye(4001, false))));
        for first in [
            json!({"type": "ping"}),
            json!({"type": "hello"}),
            json!({"type": "hello", "token": "forged"}),
            json!({"type": "hello", "token": 5}),
        ] {
            let mut stranger = Peer::stranger(&hub, encoding).await;
            stranger.say(first.clone()).await;
            let expected = if first["token"] == 5 { "bad_frame" } else { "unauthorized" };
            assert_eq!(stranger.next("error").await["code"], expected, "{first}");
            assert_eq!(stranger.over().await, (Some(4001), Some(bye(4001, false))), "{first}");
        }
    }
}

#[tokio::test]
async fn when_the_token_runs_out_4002() {
    let hub = Hub::embedded().await;
    let seconds = now_ms() / 1_000;
    for encoding in Encoding::ALL {
        let mut late = Peer::stranger(&hub, encoding).await;
        late.say(json!({"type": "hello", "token": token_of(&json!({"sub": "anna", "exp": seconds - 3_600}))})).await;
        assert_eq!(late.next("error").await["code"], "unauthorized");
        assert_eq!(late.over().await, (Some(4002), Some(bye(4002, false))));
        let soon = token_of(&json!({"sub": "anna", "exp": now_ms() / 1_000 + 2}));
        let mut anna = Peer::stranger(&hub, encoding).await;
        anna.say(json!({"type": "hello", "token": soon})).await;
        anna.next("welcome").await;
        assert_eq!(anna.over().await, (Some(4002), Some(bye(4002, false))));
    }
}

#[tokio::test]
async fn the_silent_are_pinged_and_then_4101() {
    let hub = Hub::builder("a").env("HUBBUB_HEARTBEAT", "1s").env("HUBBUB_IDLE", "2s").start().await;
    for encoding in Encoding::ALL {
        // A client that answers pings by itself, as all do, stays; its socket must be read for that.
        let (mut anna, _) = Peer::hello(&hub, encoding, "anna").await;
        let stays = tokio::time::timeout(std::time::Duration::from_secs(5), anna.next("bye"));
        let mut raw = raw_hello(&hub, encoding).await;
        let (stays, silent) = tokio::join!(stays, read_to_close(&mut raw));
        assert!(stays.is_err(), "who answers stays");
        assert_eq!(silent, 4101);
    }
}

#[tokio::test]
async fn what_breaks_the_rules_is_closed_with_its_code() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let (own, other) = if encoding.is_text() { (0x81, 0x82) } else { (0x82, 0x81) };
        let mut cases = vec![
            (vec![own, 0x01, b'x'], 1002),
            (masked(own | 0x40, b"x"), 1002),
            (masked(0x80, b"x"), 1002),
            (masked(other, b"x"), 1003),
            (masked(own, &[b'x'; 65_537]), 1009),
            ((0..2_000).flat_map(|_| masked(0x89, b"")).collect(), 1008),
        ];
        if encoding.is_text() {
            cases.push((masked(own, b"\xff"), 1007));
        }
        for (bytes, code) in cases {
            let mut raw = raw_hello(&hub, encoding).await;
            // The hub may close before all of it is written.
            let _ = raw.write_all(&bytes).await;
            assert_eq!(read_to_close(&mut raw).await, code);
        }
    }
}

#[tokio::test]
async fn a_slow_reader_1013_and_resumes() {
    let hub = Hub::builder("a")
        .env("HUBBUB_MAX_QUEUE", "16KiB")
        .env("HUBBUB_SESSION_BURST", "100000")
        .env("HUBBUB_USER_BURST", "100000")
        .start()
        .await;
    for encoding in Encoding::ALL {
        let [mut anna] = Peer::people(&hub, encoding, ["anna"]).await;
        let slow = Peer::hello(&hub, encoding, "slow").await.0;
        let group = anna.group(&["slow"]).await;
        let before = count(&hub, "hubbub_slow_reader_closes_total").await;
        let mut sent = 0;
        while count(&hub, "hubbub_slow_reader_closes_total").await == before {
            for _ in 0..100 {
                sent += 1;
                anna.say(json!({"type": "send", "group": group, "cid": format!("c{sent}"), "text": "x".repeat(4_000)}))
                    .await;
            }
            let last = format!("c{sent}");
            anna.next_where(|frame| frame["type"] == "ack" && frame["cid"] == last.as_str()).await;
        }

        let mut slow = slow;
        let (code, told) = slow.over().await;
        assert_eq!((code, &told.unwrap()["reconnect"]), (Some(1013), &json!(true)));
        anna.send(&group, "after", "still here").await;
    }
}

#[tokio::test]
async fn a_node_that_stops_1012_with_a_bye() {
    for encoding in Encoding::ALL {
        let mut hub = Hub::embedded().await;
        let (mut anna, _) = Peer::hello(&hub, encoding, "anna").await;
        let (ended, told) = tokio::join!(hub.terminate(), anna.over());
        assert!(ended.success(), "{ended}");
        let (code, bye) = told;
        let bye = bye.expect("a bye");
        assert_eq!((code, &bye["code"], &bye["reconnect"]), (Some(1012), &json!(1012), &json!(true)));
    }
}

#[tokio::test]
async fn who_goes_without_a_word_is_forgotten() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        drop(raw_hello(&hub, encoding).await);
        eventually("nobody is connected", async || {
            let open = count(&hub, "hubbub_connections").await + count(&hub, "hubbub_sessions").await;
            if open == 0.0 { Ok(()) } else { Err(format!("{open} are")) }
        })
        .await;
    }
}

/// The value of a metric without labels.
async fn count(hub: &Hub, name: &str) -> f64 {
    let metrics = hub.internal("/metrics").await.expect("metrics are served");
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}")).parse().expect("a number")
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        middle @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A session over a bare socket, which answers nothing by itself.
async fn raw_hello(hub: &Hub, encoding: Encoding) -> TcpStream {
    let mut stream = TcpStream::connect(hub.address()).await.expect("the node takes connections");
    let protocol = if encoding.is_text() { "hubbub.v1.json" } else { "hubbub.v1.msgpack" };
    let handshake = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n",
        hub.address()
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tokio::io::AsyncReadExt::read_u8(&mut stream).await.expect("an answer"));
    }
    let hello = json!({"type": "hello", "token": crate::contract::stage::token("raw")});
    let frame = match encoding {
        Encoding::Json => masked(0x81, hello.to_string().as_bytes()),
        Encoding::MsgPack => masked(0x82, &rmp_serde::to_vec(&hello).unwrap()),
    };
    stream.write_all(&frame).await.unwrap();
    // Its welcome.
    read_frame(&mut stream).await;
    stream
}

async fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    use tokio::io::AsyncReadExt;

    let reading = async {
        let first = stream.read_u8().await?;
        let length = match stream.read_u8().await? {
            126 => usize::from(stream.read_u16().await?),
            127 => stream.read_u64().await? as usize,
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        std::io::Result::Ok((first, payload))
    };
    let frame = tokio::time::timeout(crate::support::wait::PATIENCE, reading).await;
    frame.expect("a frame in time").expect("the connection lasts")
}

/// Reads on to the close frame: its code.
async fn read_to_close(stream: &mut TcpStream) -> u16 {
    loop {
        if let (0x88, payload) = read_frame(stream).await {
            return u16::from_be_bytes([payload[0], payload[1]]);
        }
    }
}
