//! Every way in which the hub ends a connection.

use std::net::Ipv4Addr;

use hubbub::domain::now_ms;
use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::support::Hub;
use crate::support::hub::JWT_SECRET;
use crate::support::raw::{Raw, masked};
use crate::support::wait::eventually;

/// A token with these claims.
fn token_of(claims: &Value) -> String {
    hubbub::identity::tokens::provide();
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
        let (stays, silent) = tokio::join!(stays, raw.close_code());
        assert!(stays.is_err(), "who answers stays");
        assert_eq!(silent, Some(4101));
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
            let _ = raw.write(&bytes).await;
            assert_eq!(raw.close_code().await, Some(code));
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
        let before = hub.metric("hubbub_slow_reader_closes_total").await;
        let mut sent = 0;
        while hub.metric("hubbub_slow_reader_closes_total").await == before {
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
            let open = hub.metric("hubbub_connections").await + hub.metric("hubbub_sessions").await;
            if open == 0.0 { Ok(()) } else { Err(format!("{open} are")) }
        })
        .await;
    }
}

/// A session over a bare socket, which answers nothing by itself.
async fn raw_hello(hub: &Hub, encoding: Encoding) -> Raw {
    let hello = json!({"type": "hello", "token": crate::contract::stage::token("raw")});
    let session = Raw::hello_from(Ipv4Addr::LOCALHOST, &hub.address(), encoding, &hello).await;
    session.expect("hello is accepted")
}
