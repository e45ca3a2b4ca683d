//! Signals that whoever started a node sends it.

use hubbub::protocol::Encoding;

use crate::protocol::peer::Peer;
use crate::support::redis::RedisServer;
use crate::support::{Hub, eventually, http, shared};

#[tokio::test]
async fn a_terminal_that_closes_ends_a_node_in_good_order() {
    let mut hub = Hub::embedded().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    hub.hang_up();
    let (code, bye) = anna.over().await;
    assert_eq!((code, bye.expect("it is told")["reconnect"].as_bool()), (Some(1012), Some(true)));
    assert!(hub.exited().await.success());
}

#[tokio::test]
async fn a_node_that_was_started_to_outlive_its_terminal_does() {
    let mut hub = Hub::builder("nohup").without_hangups().start().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    hub.hang_up();
    let group = anna.group(&[]).await;
    anna.send(&group, "c1", "still here").await;
    assert!(hub.terminate().await.success());
}

/// Redis hangs, so that handing over takes as long as it may.
#[tokio::test]
async fn a_node_that_is_told_twice_ends_at_once() {
    let (redis, mongo) = (RedisServer::start().await, shared::mongodb().await);
    let node = Hub::builder("twice").redis(&redis.url()).mongodb(&mongo.url).env("HUBBUB_DRAIN_DEADLINE", "1h");
    let mut hub = node.start().await;
    redis.process().pause();
    hub.hang_up();
    eventually("it hands over", async || {
        let answer = http::client().get(format!("{}/readyz", hub.internal_url())).send().await;
        let told = answer.map_err(|error| error.to_string())?.text().await.unwrap_or_default();
        if told.contains("draining") { Ok(()) } else { Err(told) }
    })
    .await;
    hub.hang_up();
    assert!(hub.exited().await.success());
}

#[tokio::test]
async fn a_node_that_may_open_few_files_says_how_many_clients_it_takes() {
    let hub = Hub::builder("few").few_files().start().await;
    assert_eq!(hub.metric("hubbub_max_sessions").await, 768.0);
}
