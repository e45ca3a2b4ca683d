//! Attacks before the first frame.

use std::net::Ipv4Addr;
use std::time::Duration;

use hubbub::protocol::Encoding;

use super::siege::{Cost, Siege};
use super::{ATTACKER, all, hello};
use crate::contract::stage::connected;
use crate::support::raw::{Raw, encoded, handshake};
use crate::support::wait::eventually;

/// Below an address's cap of 200.
const CROWD: usize = 150;

#[tokio::test(flavor = "multi_thread")]
async fn who_trickles_a_handshake_is_dropped_however_long_it_goes_on() {
    let siege = Siege::lay("slowloris handshakes").await;
    let address = siege.hub.address();
    all(CROWD, async |_| {
        let mut raw = Raw::dial_from(ATTACKER, &address).await.unwrap();
        raw.write(b"GET /ws HTTP/1.1\r\n").await.unwrap();
        // Something always comes; it is the whole that does not come in time.
        while raw.write(b"X-A: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_cut_off() {
    let siege = Siege::lay("endless headers").await;
    let address = siege.hub.address();
    let answers = all(CROWD, async |number| {
        let mut raw = Raw::dial_from(ATTACKER, &address).await.unwrap();
        let _ = raw.write(b"GET /ws HTTP/1.1\r\n").await;
        // Many headers, one endless header, an endless path.
        let more = [&b"a: b\r\n".repeat(10_000)[..], &[b'x'; 65_536]][number % 2].to_vec();
        while raw.write(&more).await.is_ok() {}
        raw.status().await
    })
    .await;
    // Where the hub's answer is overtaken by its refusal to read on, there is none.
    assert!(answers.iter().all(|answer| matches!(answer, Some(431 | 400) | None)), "{answers:?}");
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_of_one_address_keep_nobody_else_out() {
    let siege = Siege::lay("1,000 connections from one address").await;
    let address = siege.hub.address();
    let crowd = all(1_000, async |_| Raw::open_from(ATTACKER, &address, Encoding::Json).await).await;
    let inside = crowd.iter().flatten().count();
    assert_eq!(inside, 200, "an address has its share");
    let next_door = Ipv4Addr::new(127, 66, 0, 2);
    Raw::hello_from(next_door, &address, Encoding::MsgPack, &hello("newcomer")).await.expect("others are let in");
    connected(&address, "another").await;
    drop(crowd);
    eventually("the address may come again", async || {
        Raw::open_from(ATTACKER, &address, Encoding::Json).await.map(Raw::reset)
    })
    .await;
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_and_closing_leaves_nothing_behind() {
    let siege = Siege::lay("3,000 connections opened and closed").await;
    let address = siege.hub.address();
    let rounds = async |worker: usize| {
        for round in 0..100 {
            let encoding = Encoding::ALL[round % Encoding::ALL.len()];
            match round % 4 {
                0 => Raw::dial_from(ATTACKER, &address).await.unwrap().reset(),
                1 => {
                    let mut raw = Raw::dial_from(ATTACKER, &address).await.unwrap();
                    raw.write(handshake(&address, encoding).as_bytes()).await.unwrap();
                    raw.reset();
                }
                2 => Raw::open_from(ATTACKER, &address, encoding).await.unwrap().reset(),
                _ => {
                    let user = format!("restless-{worker}");
                    drop(Raw::hello_from(ATTACKER, &address, encoding, &hello(&user)).await.unwrap());
                }
            }
        }
    };
    all(30, rounds).await;
    eventually("nobody of them is online", async || {
        let sessions = siege.hub.metric("hubbub_sessions").await;
        if sessions == 8.0 { Ok(()) } else { Err(format!("{sessions} sessions")) }
    })
    .await;
    siege.lift(Cost { memory: 48, cpu: 60 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_that_never_ends_is_closed_in_time() {
    let siege = Siege::lay("slow hellos").await;
    let address = siege.hub.address();
    let codes = all(CROWD, async |number| {
        let encoding = Encoding::ALL[number % Encoding::ALL.len()];
        let mut raw = Raw::open_from(ATTACKER, &address, encoding).await.unwrap();
        let frame = encoded(encoding, &hello("slow"));
        // All but the end, a byte at a time, with pings between.
        for byte in &frame[..frame.len() / 4] {
            if raw.write(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        raw.close_code().await
    })
    .await;
    assert!(codes.iter().all(|code| *code == Some(4001)), "{codes:?}");
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}
