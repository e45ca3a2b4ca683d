//! Attacks over HTTP.

use std::time::Duration;

use super::siege::{Cost, Siege};
use super::{ATTACKER, all};
use crate::contract::stage::token;
use crate::support::raw::Raw;

const CROWD: usize = 150;

fn post(headers: &str) -> String {
    format!(
        "POST /chat/{}/message HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n{headers}\r\n",
        "a".repeat(26),
        token("attacker")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_too_large() {
    let siege = Siege::lay("endless bodies").await;
    let chunk = [b"1000\r\n", &[b' '; 4096][..], b"\r\n"].concat();
    let answers = all(CROWD, async |_| {
        let mut raw = Raw::dial_from(ATTACKER, &siege.hub.address()).await.unwrap();
        raw.write(post("Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
        for _ in 0..17 {
            raw.write(&chunk).await.unwrap();
        }
        let status = raw.status().await;
        while raw.write(&chunk).await.is_ok() {}
        status
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == Some(413)), "{answers:?}");
    siege.lift(Cost { memory: 48, cpu: 60 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_trickles_is_given_up() {
    let siege = Siege::lay("slow bodies").await;
    let answers = all(CROWD, async |_| {
        let mut raw = Raw::dial_from(ATTACKER, &siege.hub.address()).await.unwrap();
        raw.write(post("Content-Length: 60000\r\n").as_bytes()).await.unwrap();
        raw.status_of_a_trickle(b"x").await
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == Some(503)), "{answers:?}");
    siege.lift(Cost { memory: 32, cpu: 30 }).await;
}

/// Requests one behind the other, whose answers nobody reads.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_do_not_pile_up() {
    let siege = Siege::lay("pipelined requests, answers unread").await;
    let requests = "GET /openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n".repeat(100);
    let crowd = all(CROWD, async |_| {
        let mut raw = Raw::dial_from(ATTACKER, &siege.hub.address()).await.unwrap();
        let writing = async { while raw.write(requests.as_bytes()).await.is_ok() {} };
        // The hub stops reading when its answers are not read: then so does the writing.
        let _ = tokio::time::timeout(Duration::from_secs(2), writing).await;
        raw
    })
    .await;
    drop(crowd);
    siege.lift(Cost { memory: 64, cpu: 60 }).await;
}
