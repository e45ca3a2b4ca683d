use fred::prelude::{Client, KeysInterface};

use crate::support::{
    RedisOptions, RedisServer, eventually,
    redis::{self, Aof},
    shared,
};

async fn get(client: &Client, key: &str) -> Result<Option<String>, fred::error::Error> {
    client.get(key).await
}

async fn set(client: &Client, key: &str, value: &str) {
    client.set::<(), _, _>(key, value, None, None, false).await.expect("Redis takes a value");
}

#[tokio::test]
async fn what_was_stored_outlives_a_kill() {
    let mut server = RedisServer::start_with(&RedisOptions::aof(Aof::Always)).await;
    set(&server.client().await, "key", "value").await;
    server.kill();
    server.restart().await;
    let kept = get(&server.client().await, "key").await;
    assert_eq!(kept.expect("Redis answers"), Some("value".into()));
}

#[tokio::test]
async fn restarted_empty_it_has_nothing() {
    let mut server = RedisServer::start_with(&RedisOptions::aof(Aof::Always)).await;
    set(&server.client().await, "key", "value").await;
    server.restart_empty().await;
    assert_eq!(get(&server.client().await, "key").await.expect("Redis answers"), None);
}

#[tokio::test]
async fn without_aof_nothing_is_stored() {
    let mut server = RedisServer::start_with(&RedisOptions::aof(Aof::Off)).await;
    set(&server.client().await, "key", "value").await;
    server.restart().await;
    assert_eq!(get(&server.client().await, "key").await.expect("Redis answers"), None);
}

#[tokio::test]
async fn killed_it_does_not_answer() {
    let mut server = RedisServer::start().await;
    let client = server.client().await;
    server.kill();
    assert!(get(&client, "key").await.is_err());
}

#[tokio::test]
async fn paused_it_is_silent_until_it_is_resumed() {
    let server = RedisServer::start().await;
    let client = server.client().await;
    server.process().pause();
    assert!(get(&client, "key").await.is_err());
    server.process().resume();
    eventually("the resumed Redis answers", async || get(&client, "key").await).await;
}

#[tokio::test]
async fn it_refuses_writes_when_its_memory_is_full() {
    let options = RedisOptions::default().argument("--maxmemory", "100kb");
    let server = RedisServer::start_with(&options).await;
    let client = server.client().await;
    let refusal = client.set::<(), _, _>("key", "value", None, None, false).await;
    let refusal = refusal.expect_err("noeviction refuses").to_string();
    assert!(refusal.contains("OOM"), "{refusal}");
}

#[tokio::test]
async fn users_of_the_shared_server_do_not_see_each_other() {
    let (one, other) = (shared::redis().await, shared::redis().await);
    assert_ne!(one.prefix, other.prefix);
    set(&redis::client(&one.url).await, "key", "value").await;
    let seen = get(&redis::client(&other.url).await, "key").await;
    assert_eq!(seen.expect("Redis answers"), None);
}
