//! Attacks with frames.

use std::time::Duration;

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::siege::{Cost, Siege};
use super::{ATTACKER, all, hello};
use crate::contract::stage::token;
use crate::support::raw::{Raw, encoded, header, masked};
use crate::support::{Hub, wait::PATIENCE};

const CROWD: usize = 100;
/// The longest message by default.
const MAX_MESSAGE: usize = 65_536;
const CLOSED_LATER: &str = "hubbub_closes_total{code=\"1013\"}";

async fn session(siege: &Siege, number: usize) -> Raw {
    let encoding = Encoding::ALL[number % Encoding::ALL.len()];
    let user = hello(&format!("attacker-{number}"));
    Raw::hello_from(ATTACKER, &siege.hub.address(), encoding, &user).await.expect("hello is accepted")
}

fn first_byte(number: usize) -> u8 {
    if Encoding::ALL[number % Encoding::ALL.len()].is_text() { 0x01 } else { 0x02 }
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_without_end_are_too_big() {
    let siege = Siege::lay("endless fragments").await;
    let codes = all(CROWD, async |number| {
        let mut raw = session(&siege, number).await;
        let _ = raw.write(&masked(first_byte(number), b"")).await;
        // Empty ones and small ones, with pings between them.
        let size = if number % 4 < 2 { 0 } else { 3 };
        let piece = [masked(0x00, &b"   "[..size]).repeat(100), masked(0x8a, b"")].concat();
        while raw.write(&piece).await.is_ok() {}
        raw.close_code().await
    })
    .await;
    let told: Vec<_> = codes.iter().flatten().collect();
    assert!(!told.is_empty() && told.iter().all(|code| matches!(code, 1008 | 1009)), "{codes:?}");
    siege.lift(Cost { memory: 48, cpu: 90 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_frame_costs_what_has_arrived_of_it() {
    let siege = Siege::lay("slow frames").await;
    let slow = all(CROWD, async |number| {
        let mut raw = session(&siege, number).await;
        // Nothing is set aside for what is announced.
        let half = [header(first_byte(number) | 0x80, MAX_MESSAGE as u64), vec![b' '; MAX_MESSAGE / 2]].concat();
        raw.write(&half).await.expect("a frame may take its time");
        raw
    })
    .await;
    drop(slow);
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enormous_frame_is_refused_before_it_arrives() {
    let siege = Siege::lay("enormous frames").await;
    let codes = all(CROWD, async |number| {
        let mut raw = session(&siege, number).await;
        let length = [MAX_MESSAGE as u64 + 1, 1 << 40, i64::MAX as u64][number % 3];
        raw.write(&header(first_byte(number) | 0x80, length)).await.unwrap();
        raw.close_code().await
    })
    .await;
    assert!(codes.iter().all(|code| *code == Some(1009)), "{codes:?}");
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_pings_ends_with_1008() {
    let siege = Siege::lay("control-frame floods").await;
    let pings = masked(0x89, &[b'p'; 125]).repeat(100);
    let codes = all(CROWD, async |number| {
        let mut raw = session(&siege, number).await;
        // Nothing is read meanwhile.
        while raw.write(&pings).await.is_ok() {}
        raw.close_code().await
    })
    .await;
    let told: Vec<_> = codes.iter().flatten().collect();
    assert!(!told.is_empty() && told.iter().all(|code| **code == 1008), "{codes:?}");
    let closed = siege.hub.metric("hubbub_closes_total{code=\"1008\"}").await;
    assert_eq!(closed as usize, CROWD);
    siege.lift(Cost { memory: 32, cpu: 60 }).await;
}

/// A million frames of two bytes, of a few who do not care for the answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_million_tiny_frames_end_with_1008() {
    let siege = Siege::lay("a million tiny frames").await;
    let before = siege.hub.metric("hubbub_received_messages_total").await;
    let codes = all(20, async |number| {
        let mut raw = session(&siege, number).await;
        let frames =
            masked(first_byte(number) | 0x80, if number.is_multiple_of(2) { b"{}" } else { b"\x80" }).repeat(500);
        let (mut raw_reading, mut sent) = (None, 0);
        for _ in 0..100 {
            match raw.write(&frames).await {
                Ok(()) => sent += 500,
                Err(_) => break,
            }
            // Half of them read what they are told.
            if number % 4 < 2 && raw_reading.is_none() {
                raw_reading = raw.frame().await;
            }
        }
        (raw.close_code().await, sent)
    })
    .await;
    let told: Vec<_> = codes.iter().filter_map(|(code, _)| *code).collect();
    assert!(!told.is_empty() && told.iter().all(|code| *code == 1008), "{codes:?}");
    let taken = siege.hub.metric("hubbub_received_messages_total").await - before;
    assert!(taken < 100_000.0, "{taken} frames were taken and answered");
    siege.lift(Cost { memory: 48, cpu: 60 }).await;
}

/// They ask for all that was said, again and again, and read nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_and_never_reads_is_not_served_without_end() {
    let siege = Siege::lay("asking without reading").await;
    let mut raw = session(&siege, 0).await;
    let group = group_of(&mut raw).await;
    for number in 0..60 {
        raw.say(Encoding::Json, &large_send(&group, number)).await.unwrap();
    }
    let history = encoded(Encoding::Json, &json!({"type": "history", "group": group, "limit": 200}));
    let askers = all(CROWD / 2, async |_| {
        let mut raw =
            Raw::hello_from(ATTACKER, &siege.hub.address(), Encoding::Json, &hello("attacker-0")).await.unwrap();
        while raw.write(&history).await.is_ok() {}
        raw
    })
    .await;
    drop((raw, askers));
    siege.lift(Cost { memory: 128, cpu: 90 }).await;
}

/// They resume with a cursor far back, read nothing of it, and talk on: they are not kept for ever.
#[tokio::test(flavor = "multi_thread")]
async fn who_resumes_and_never_reads_is_sent_away() {
    const RESUMERS: usize = 30;
    const EVENTS: usize = 400;
    let hub = Hub::builder("a").env("HUBBUB_IDLE", "5s").env("HUBBUB_HEARTBEAT", "1s");
    let hub = hub.env("HUBBUB_SESSION_BURST", "1000").env("HUBBUB_USER_BURST", "1000");
    let siege = Siege::lay_to("resuming without reading", hub).await;
    let mut raw = session(&siege, 0).await;
    let group = group_of(&mut raw).await;
    for number in 0..EVENTS {
        raw.say(Encoding::Json, &large_send(&group, number)).await.unwrap();
        until(&mut raw, |frame| frame["type"] == "ack").await;
    }
    drop(raw);
    let hello = json!({"type": "hello", "token": token("attacker-0"), "cursors": {group: 0}});
    let before = siege.hub.metric(CLOSED_LATER).await;
    all(RESUMERS, async |_| {
        let mut raw = Raw::open_from(ATTACKER, &siege.hub.address(), Encoding::Json).await.unwrap();
        raw.say(Encoding::Json, &hello).await.unwrap();
        let talking = async {
            while raw.write(&masked(0x8a, b"")).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(3 * PATIENCE, talking).await.expect("who reads nothing is sent away");
    })
    .await;
    assert_eq!(siege.hub.metric(CLOSED_LATER).await - before, RESUMERS as f64);
    siege.lift(Cost { memory: 128, cpu: 90 }).await;
}

async fn group_of(raw: &mut Raw) -> String {
    let create = json!({"type": "create", "id": 1, "name": "x", "members": []});
    raw.say(Encoding::Json, &create).await.unwrap();
    until(raw, |frame| frame["re"] == 1).await["id"].as_str().unwrap().to_owned()
}

async fn until(raw: &mut Raw, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let (_, payload) = raw.frame().await.expect("an answer");
        match serde_json::from_slice(&payload) {
            Ok(frame) if wanted(&frame) => return frame,
            _ => {}
        }
    }
}

/// About as large as a message can be.
fn large_send(group: &str, number: usize) -> Value {
    json!({"type": "send", "group": group, "cid": format!("c{number}"), "text": "x".repeat(4_000),
        "data": {"x": "y".repeat(16_000)}})
}
