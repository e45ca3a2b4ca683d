//! Floods of what is allowed one at a time.

use std::time::Instant;

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::siege::{Cost, Siege};
use super::{ATTACKER, all, hello};
use crate::contract::stage::{connected, token};
use crate::support::raw::{Raw, encoded};
use crate::support::wait::eventually;
use crate::support::{Hub, http};

/// One user's devices.
const DEVICES: usize = 20;
/// What each of them sends; together ten times what a user may send at once.
const SENDS: usize = 150;
/// A user's burst and rate by default.
const BURST: usize = 200;
const RATE: usize = 40;
/// A user's hellos at once by default, and how many are tried, by how many at a time.
const HELLO_BURST: usize = 60;
const HELLOS: usize = 600;
const WORKERS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn one_user_on_many_devices_has_one_users_rate() {
    let siege = Siege::lay("a message flood from 20 devices of one user").await;
    let mut desk = connected(&siege.hub.address(), "flooder").await;
    let made = desk.ask(&json!({"type": "create", "name": "x", "members": []}), "group").await.unwrap();
    let begun = Instant::now();
    let answers = all(DEVICES, async |device| {
        let mut raw = Raw::hello_from(ATTACKER, &siege.hub.address(), Encoding::Json, &hello("flooder")).await.unwrap();
        let frames: Vec<u8> = (0..SENDS)
            .flat_map(|number| {
                let cid = format!("{device}-{number}");
                let send = json!({"type": "send", "id": number, "group": made["id"], "cid": cid, "text": "flood"});
                encoded(Encoding::Json, &send)
            })
            .collect();
        raw.write(&frames).await.unwrap();
        answered(&mut raw).await
    })
    .await;
    let acked: usize = answers.iter().map(|(acked, _)| acked).sum();
    let limited: usize = answers.iter().map(|(_, limited)| limited).sum();
    // By then the bucket can have given no more than this, however slow the machine.
    let most = BURST + RATE * (begun.elapsed().as_secs() as usize + 1);
    assert_eq!(acked + limited, DEVICES * SENDS, "each send is answered");
    assert!(acked <= most && acked >= BURST / 2, "{acked} were taken, at most {most} may be");
    drop(desk);
    siege.lift(Cost { memory: 48, cpu: 90 }).await;
}

#[tokio::test]
async fn neither_http_calls_nor_coming_again_renew_a_users_rate() {
    let hub = Hub::builder("a").env("HUBBUB_USER_BURST", "20").env("HUBBUB_USER_RATE", "1").start().await;
    let begun = Instant::now();
    let (client, token) = (http::client(), token("flooder"));
    let mut taken = 0;
    for _ in 0..60 {
        let call = client.get(format!("{}/chat/location", hub.http_url())).bearer_auth(&token).send().await.unwrap();
        match call.status().as_u16() {
            200 => taken += 1,
            429 => assert!(call.headers().contains_key("retry-after")),
            other => panic!("{other}"),
        }
    }
    for _ in 0..10 {
        let mut session = connected(&hub.address(), "flooder").await;
        session.say(&json!({"type": "ping"})).await.unwrap();
        loop {
            match session.hear().await.unwrap() {
                frame if frame["type"] == "pong" => taken += 1,
                frame if frame["type"] == "error" => assert_eq!(frame["code"], "rate_limited"),
                _ => continue,
            }
            break;
        }
    }
    let most = 20 + begun.elapsed().as_secs() + 1;
    assert!((20..=most).contains(&taken), "{taken} were taken, at most {most} may be");
}

/// A hello costs the hub much more than the client: it has a rate of its own.
#[tokio::test(flavor = "multi_thread")]
async fn coming_and_going_in_a_loop_is_refused_and_keeps_nobody_else_out() {
    let siege = Siege::lay("one user's hellos in a loop").await;
    let address = siege.hub.address();
    let begun = Instant::now();
    let answers = all(WORKERS, async |worker| {
        let mut answers = Vec::new();
        for number in 0..HELLOS / WORKERS {
            let encoding = Encoding::ALL[(worker + number) % Encoding::ALL.len()];
            let mut raw = Raw::open_from(ATTACKER, &address, encoding).await.unwrap();
            raw.say(encoding, &hello("revenant")).await.unwrap();
            answers.push(said_to_hello(&mut raw, encoding).await);
        }
        answers
    })
    .await
    .concat();
    let welcomed = answers.iter().filter(|answer| **answer == Answer::Welcome).count();
    let most = HELLO_BURST + begun.elapsed().as_secs() as usize + 1;
    assert!((HELLO_BURST..=most).contains(&welcomed), "{welcomed} were welcomed, at most {most} may be");
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Welcome | Answer::ComeLater)), "{answers:?}");
    Raw::hello_from(ATTACKER, &address, Encoding::Json, &hello("somebody")).await.expect("others are welcome");
    eventually("the user is welcome again", async || {
        let mut raw = Raw::open_from(ATTACKER, &address, Encoding::Json).await.map_err(|error| error.to_string())?;
        raw.say(Encoding::Json, &hello("revenant")).await.map_err(|error| error.to_string())?;
        match said_to_hello(&mut raw, Encoding::Json).await {
            Answer::Welcome => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let told = siege.hub.metric("hubbub_slow_reader_closes_total").await;
    assert_eq!(told, 0.0, "who comes too often is no slow reader");
    siege.lift(Cost { memory: 32, cpu: 60 }).await;
}

/// What a hello was answered with.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Welcome,
    /// `rate_limited` with a time, `bye` that says to come back, and 1013.
    ComeLater,
    Other(Vec<Value>, Option<u16>),
}

async fn said_to_hello(raw: &mut Raw, encoding: Encoding) -> Answer {
    let mut frames: Vec<Value> = Vec::new();
    loop {
        let Some((first, payload)) = raw.frame().await else { return Answer::Other(frames, None) };
        if first == 0x88 {
            let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            let right = match &frames[..] {
                [error, bye] => {
                    error["code"] == "rate_limited"
                        && error["retry_after"].as_u64() > Some(0)
                        && bye["reconnect"] == true
                }
                _ => false,
            };
            return if right && code == Some(1013) { Answer::ComeLater } else { Answer::Other(frames, code) };
        }
        let frame: Value = match encoding {
            Encoding::Json => serde_json::from_slice(&payload).unwrap(),
            Encoding::MsgPack => rmp_serde::from_slice(&payload).unwrap(),
        };
        if frame["type"] == "welcome" {
            return Answer::Welcome;
        }
        frames.push(frame);
    }
}

/// Reads until every send is answered: how many were acked, and how many told to slow down.
async fn answered(raw: &mut Raw) -> (usize, usize) {
    let (mut acked, mut limited) = (0, 0);
    while acked + limited < SENDS {
        let (_, payload) = raw.frame().await.expect("each send is answered");
        let frame: Value = serde_json::from_slice(&payload).unwrap_or_default();
        match (frame["type"].as_str(), frame["code"].as_str()) {
            (Some("ack"), _) => acked += 1,
            (Some("error"), Some("rate_limited")) => {
                assert!(frame["retry_after"].as_u64() > Some(0), "{frame}");
                limited += 1;
            }
            (Some("error"), _) => panic!("{frame}"),
            _ => {}
        }
    }
    (acked, limited)
}
