//! A node that starts before what it stands on waits for it, says so, and can be told to stop; mistakes end it at once.

use std::path::Path;

use fred::interfaces::ClientLike;
use fred::types::{ClusterHash, CustomCommand};
use reqwest::StatusCode;
use serde_json::Value;

use crate::output::works;
use crate::support::ports::Port;
use crate::support::{
    Hub, HubBuilder, MongoServer, RedisCluster, RedisOptions, RedisSentinel, RedisServer, eventually, http, shared,
};

/// A database of its own name on a server that only this test uses.
const DATABASE: &str = "starting";

async fn scaled_out(redis: &str) -> HubBuilder {
    let space = shared::mongodb().await;
    Hub::builder("a").redis(redis).mongodb(&space.url).env("HUBBUB_MONGODB_DATABASE", &space.database)
}

/// What `/readyz` says while the node is not ready.
async fn reason(hub: &Hub) -> Result<String, String> {
    let answer = http::client().get(format!("{}/readyz", hub.internal_url())).send().await;
    let answer = answer.map_err(|error| error.to_string())?;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem: Value = answer.json().await.map_err(|error| error.to_string())?;
    Ok(problem["detail"].as_str().expect("a sentence").to_owned())
}

/// It says at `/readyz` and in its metrics that it waits for these parts and for nothing else, and is alive.
async fn waits_for(hub: &Hub, parts: &[&str]) {
    eventually("it says what it waits for", async || {
        let why = reason(hub).await?;
        let named = |part: &&str| why.contains(*part);
        let exactly =
            parts.iter().all(named) && ["Redis", "MongoDB"].iter().filter(|part| named(part)).count() == parts.len();
        if exactly { Ok(()) } else { Err(why) }
    })
    .await;
    assert_eq!(hub.internal("/healthz").await.expect("alive"), "alive\n");
    for part in parts {
        assert_eq!(hub.metric(&format!("hubbub_waiting{{part=\"{}\"}}", part.to_lowercase())).await, 1.0);
    }
    let answer = http::client().get(hub.http_url()).send().await.expect("clients are answered");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    let problem: Value = answer.json().await.expect("a problem document");
    assert_eq!(problem["code"], "unavailable");
    assert!(!problem.to_string().contains("Redis"), "{problem}");
}

async fn serves(hub: &mut Hub) {
    hub.wait_until_ready().await;
    for part in ["redis", "mongodb"] {
        assert_eq!(hub.metric(&format!("hubbub_waiting{{part=\"{part}\"}}")).await, 0.0);
    }
    works(hub).await;
}

#[tokio::test]
async fn redis_that_comes_later_is_waited_for() {
    let mut redis = RedisServer::start().await;
    redis.kill();
    let mut hub = scaled_out(&redis.url()).await.spawn();
    waits_for(&hub, &["Redis"]).await;
    redis.restart().await;
    serves(&mut hub).await;
    let log = hub.process().log();
    let tries = log.lines().filter(|line| line.contains("waiting for Redis: ") && line.contains("next try in")).count();
    assert!(tries > 0 && log.contains("Redis is there"), "{log}");
    assert!(hub.terminate().await.success());
}

#[tokio::test]
async fn a_redis_that_is_silent_is_waited_for() {
    let redis = RedisServer::start().await;
    redis.process().pause();
    let mut hub = scaled_out(&redis.url()).await.spawn();
    waits_for(&hub, &["Redis"]).await;
    redis.process().resume();
    serves(&mut hub).await;
}

#[tokio::test]
async fn tries_at_a_redis_without_room_leave_no_connections_behind() {
    let redis = RedisServer::start().await;
    let operator = redis.client().await;
    let ask = async |command: &'static str, arguments: &[&str]| {
        let command = CustomCommand::new_static(command, ClusterHash::Random, false);
        operator.custom::<String, _>(command, arguments.to_vec()).await.expect("Redis answers")
    };
    ask("CONFIG", &["SET", "maxmemory", "1"]).await;
    let mut hub = scaled_out(&redis.url()).await.spawn();
    eventually("it has tried a few times", async || {
        let tries = hub.process().log().matches("waiting for Redis: ").count();
        if tries >= 4 { Ok(()) } else { Err(format!("{tries} times")) }
    })
    .await;
    eventually("only the operator is connected, and perhaps one try", async || {
        let connected = ask("CLIENT", &["LIST"]).await;
        if connected.lines().count() <= 2 { Ok(()) } else { Err(connected) }
    })
    .await;
    ask("CONFIG", &["SET", "maxmemory", "0"]).await;
    serves(&mut hub).await;
}

#[tokio::test]
async fn mongodb_that_comes_later_is_waited_for() {
    let redis = shared::redis().await;
    let mut mongodb = MongoServer::start().await;
    mongodb.kill();
    let hub = Hub::builder("a").redis(&redis.url).env("HUBBUB_REDIS_PREFIX", &redis.prefix);
    let mut hub = hub.mongodb(&mongodb.url()).env("HUBBUB_MONGODB_DATABASE", DATABASE).spawn();
    waits_for(&hub, &["MongoDB"]).await;
    mongodb.restart().await;
    serves(&mut hub).await;
}

#[tokio::test]
async fn both_are_waited_for_at_the_same_time() {
    let (mut redis, mut mongodb) = (RedisServer::start().await, MongoServer::start().await);
    redis.kill();
    mongodb.kill();
    let mut hub = Hub::builder("a").redis(&redis.url()).mongodb(&mongodb.url()).spawn();
    waits_for(&hub, &["Redis", "MongoDB"]).await;
    redis.restart().await;
    waits_for(&hub, &["MongoDB"]).await;
    mongodb.restart().await;
    serves(&mut hub).await;
}

#[tokio::test]
async fn a_cluster_that_comes_later_is_waited_for() {
    let mut cluster = RedisCluster::start().await;
    for index in 0..3 {
        cluster.master(index).kill();
    }
    let mut hub = scaled_out(&cluster.url()).await.spawn();
    waits_for(&hub, &["Redis"]).await;
    for index in 0..3 {
        cluster.master(index).restart().await;
    }
    serves(&mut hub).await;
}

#[tokio::test]
async fn a_sentinel_that_comes_later_is_waited_for() {
    let mut sentinel = RedisSentinel::start().await;
    sentinel.kill_all();
    let mut hub = scaled_out(&sentinel.url()).await.spawn();
    waits_for(&hub, &["Redis"]).await;
    sentinel.restart_all().await;
    serves(&mut hub).await;
}

#[tokio::test]
async fn it_gives_up_when_it_is_told_how_long_to_wait() {
    let nobody = Port::reserve();
    for patience in ["0s", "1s"] {
        let hub = scaled_out(&format!("redis://{}", nobody.address())).await;
        let mut hub = hub.env("HUBBUB_START_TIMEOUT", patience).spawn();
        assert_eq!(hub.exited().await.code(), Some(1));
        let log = hub.process().log();
        assert!(log.contains("hubbub: Redis: ") && log.contains("start_timeout"), "{log}");
        assert_eq!(log.contains("next try in"), patience == "1s", "{log}");
    }
}

#[tokio::test]
async fn a_signal_ends_the_waiting() {
    let nobody = Port::reserve();
    let mut hub = scaled_out(&format!("redis://{}", nobody.address())).await.spawn();
    waits_for(&hub, &["Redis"]).await;
    assert!(hub.terminate().await.success());
    assert!(hub.process().log().contains("stopped"));
}

#[tokio::test]
async fn what_no_waiting_mends_ends_it_at_once_though_another_part_is_not_there() {
    let (redis, nobody) = (RedisServer::start().await, Port::reserve());
    let absent = format!("mongodb://{}/", nobody.address());
    let user = CustomCommand::new("ACL", ClusterHash::Random, false);
    let user: Result<(), _> = redis.client().await.custom(user, vec!["SETUSER", "hub", "on", ">secret", "+@all"]).await;
    user.expect("a user is made");
    let wrong_password = format!("redis://hub:wrong@127.0.0.1:{}", redis.port());
    let mut hub = Hub::builder("a").redis(&wrong_password).mongodb(&absent).spawn();
    assert_eq!(hub.exited().await.code(), Some(1));
    let log = hub.process().log();
    assert!(log.contains("hubbub: Redis: ") && log.contains("WRONGPASS"), "{log}");
    let evicting = RedisOptions::default().argument("--maxmemory-policy", "allkeys-lru");
    let evicting = RedisServer::start_with(&evicting).await;
    let mut hub = Hub::builder("a").redis(&evicting.url()).mongodb(&absent).spawn();
    assert_eq!(hub.exited().await.code(), Some(1));
    let log = hub.process().log();
    assert!(log.contains("set maxmemory-policy to noeviction"), "{log}");
}

#[tokio::test]
async fn a_node_alone_on_mongodb_that_was_killed_comes_back_by_itself() {
    let space = shared::mongodb().await;
    let mut hub = Hub::builder("a").mongodb(&space.url).env("HUBBUB_MONGODB_DATABASE", &space.database).start().await;
    hub.kill();
    // Its claim to be alone lives on for a while; started once, it waits that out.
    hub.start_again();
    waits_for(&hub, &["MongoDB"]).await;
    serves(&mut hub).await;
}

/// What systemd counts by, unless it is told otherwise.
const START_LIMIT_INTERVAL: f64 = 10.0;
const START_LIMIT_BURST: f64 = 5.0;

/// The unit in the documentation.
fn unit() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let from = page.find("# /etc/systemd/system/hubbub.service").expect("the unit is there");
    page[from..].split("```").next().unwrap_or_default().to_owned()
}

#[test]
fn systemd_never_gives_the_documented_unit_up() {
    let unit = unit();
    let value = |name: &str| unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    assert_eq!(value("Restart"), Some("always"));
    let pause: f64 = value("RestartSec").expect("more than the default of 100 ms").parse().expect("in seconds");
    let interval = value("StartLimitIntervalSec").map_or(START_LIMIT_INTERVAL, |text| text.parse().unwrap());
    let burst = value("StartLimitBurst").map_or(START_LIMIT_BURST, |text| text.parse().unwrap());
    // Even a hub that ends at once is started no more often than systemd lets it.
    assert!(interval == 0.0 || pause * burst > interval, "{burst} starts, {pause} s apart, are within {interval} s");
}
