//! Nodes' messages to themselves: they are measured, and nobody sees them.

use serde_json::Value;

use crate::support::{Hub, HubBuilder, MongoServer, RedisServer, eventually};

const QUICK: &str = "100ms";

/// The value of a metric without labels.
async fn metric(hub: &Hub, name: &str) -> Result<f64, String> {
    let text = hub.internal("/metrics").await.map_err(|error| error.to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).ok_or_else(|| format!("there is no {name}"))
}

async fn grows_beyond(hub: &Hub, name: &str, least: f64) {
    eventually(name, async || match metric(hub, name).await? {
        value if value > least => Ok(()),
        value => Err(format!("{value} is not beyond {least}")),
    })
    .await;
}

async fn more_come_back(hub: &Hub) {
    let before = metric(hub, "hubbub_probe_seconds_count").await.expect("it is there from the start");
    grows_beyond(hub, "hubbub_probe_seconds_count", before + 2.0).await;
}

async fn list(hub: &Hub, path: &str) -> Value {
    serde_json::from_str(&hub.internal(path).await.expect("the node answers")).expect("JSON")
}

fn probing(stored: &str) -> HubBuilder {
    Hub::builder("a").env("HUBBUB_PROBE_INTERVAL", QUICK).env("HUBBUB_PROBE_STORED", stored)
}

async fn nobody_sees(hub: &Hub) {
    assert_eq!(list(hub, "/message/").await["messages"], Value::Array(Vec::new()));
    for path in ["/group/", "/user/"] {
        let listed = list(hub, path).await;
        let entries = listed.as_array().or_else(|| listed.as_object()?.values().find_map(Value::as_array));
        assert!(entries.is_some_and(Vec::is_empty), "{path}: {listed}");
    }
    for name in ["hubbub_users_online", "hubbub_sessions", "hubbub_local_groups"] {
        assert_eq!(metric(hub, name).await, Ok(0.0), "{name}");
    }
}

#[tokio::test]
async fn a_node_probes_itself_and_nobody_sees_it() {
    for stored in ["true", "false"] {
        let mut hub = probing(stored).start().await;
        more_come_back(&hub).await;
        assert!(metric(&hub, "hubbub_probe_last_success_timestamp_seconds").await.unwrap() > 1.7e9);
        assert_eq!(metric(&hub, "hubbub_probe_failures_total").await, Ok(0.0));
        nobody_sees(&hub).await;
        // Begins again where it was, or anew, after both kinds of end.
        hub.restart().await;
        more_come_back(&hub).await;
        nobody_sees(&hub).await;
        assert!(hub.terminate().await.success());
    }
}

#[tokio::test]
async fn a_node_that_is_told_so_sends_itself_nothing() {
    let hub = Hub::builder("a").env("HUBBUB_PROBE_INTERVAL", "off").start().await;
    let probing = probing("true").start().await;
    more_come_back(&probing).await;
    assert_eq!(metric(&hub, "hubbub_probe_seconds_count").await, Ok(0.0));
    assert_eq!(metric(&hub, "hubbub_messages_accepted_total").await, Ok(0.0));
}

#[tokio::test]
async fn failures_are_counted_while_a_part_is_dead_and_end_with_it() {
    let (mut redis, mut mongo) = (RedisServer::start().await, MongoServer::start().await);
    let hub = probing("true").redis(&redis.url()).mongodb(&mongo.url()).env("HUBBUB_SEND_TIMEOUT", "1s");
    let hub = hub.start().await;
    more_come_back(&hub).await;
    mongo.kill();
    grows_beyond(&hub, "hubbub_probe_failures_total", 0.0).await;
    mongo.restart().await;
    more_come_back(&hub).await;
    let failures = metric(&hub, "hubbub_probe_failures_total").await.unwrap();
    redis.kill();
    grows_beyond(&hub, "hubbub_probe_failures_total", failures).await;
    // Empty: what nobody remembers is restored from the store.
    redis.restart_empty().await;
    more_come_back(&hub).await;
}

#[tokio::test]
async fn what_is_not_stored_begins_anew_in_an_empty_redis() {
    let (mut redis, mongo) = (RedisServer::start().await, MongoServer::start().await);
    let hub = probing("false").redis(&redis.url()).mongodb(&mongo.url()).start().await;
    more_come_back(&hub).await;
    redis.restart_empty().await;
    more_come_back(&hub).await;
}
