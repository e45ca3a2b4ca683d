//! Nodes that share the roles among them: each does its part, and nothing is promised while nobody is there to store.

use std::time::Duration;

use hubbub::adapters::redis::{RedisBackplane, RedisConfig};
use hubbub::domain::NodeName;
use hubbub::ports::{Cluster, Knows, NodeRecord, NodeRoles, NodeVitals};
use hubbub::protocol::Encoding;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::contract::client::Socket;
use crate::contract::stage::token;
use crate::output::works;
use crate::support::shared::{MongoSpace, RedisSpace};
use crate::support::wait::eventually;
use crate::support::{Hub, HubBuilder, http, shared};

/// Longer than a test.
const LONG: Duration = Duration::from_secs(60);
/// What each of three nodes does.
const ROLES: [&str; 3] = ["clients", "owner", "followers"];

fn node(roles: &str, redis: &RedisSpace, mongo: &MongoSpace) -> HubBuilder {
    let node = Hub::builder(&format!("n-{}", roles.replace(',', "-"))).redis(&redis.url).mongodb(&mongo.url);
    node.env("HUBBUB_REDIS_PREFIX", &redis.prefix)
        .env("HUBBUB_MONGODB_DATABASE", &mongo.database)
        .env("HUBBUB_NODE_ROLES", roles)
        .env("HUBBUB_NODE_LEASE", "2s")
}

/// Why a node may not take traffic.
async fn reason(hub: &Hub) -> Result<String, String> {
    let answer = http::client().get(format!("{}/readyz", hub.internal_url())).send().await;
    let answer = answer.map_err(|error| error.to_string())?;
    let (status, text) = (answer.status(), answer.text().await.map_err(|error| error.to_string())?);
    if status == StatusCode::SERVICE_UNAVAILABLE { Ok(text) } else { Err(format!("{status}: {text}")) }
}

async fn not_ready_for(hub: &Hub, why: &str) {
    eventually("it says why it is not ready", async || {
        let told = reason(hub).await?;
        if told.contains(why) { Ok(()) } else { Err(told) }
    })
    .await;
}

async fn cluster(hub: &Hub) -> Value {
    serde_json::from_str(&hub.internal("/cluster").await.expect("the node answers")).expect("JSON")
}

/// Nobody but this node holds a partition, and the nodes have told their roles.
async fn all_is_owned_by(hub: &Hub, owner: &str) {
    let seen = eventually("everything has its owner", async || {
        let seen = cluster(hub).await;
        let partitions = seen["partitions"].as_array().cloned().unwrap_or_default();
        let theirs = |partition: &Value| partition["owner"].as_str().is_some_and(|name| name.starts_with(owner));
        if !partitions.is_empty() && partitions.iter().all(theirs) { Ok(seen) } else { Err(seen.to_string()) }
    })
    .await;
    for roles in ROLES {
        let mut nodes = seen["nodes"].as_array().expect("a list").iter();
        let of = nodes.find(|node| node["node"].as_str().is_some_and(|name| name.starts_with(&format!("n-{roles}."))));
        assert_eq!(of.expect("it lives")["roles"], json!([roles]));
    }
}

async fn hello(hub: &Hub, user: &str) -> Socket {
    let mut socket = Socket::connect(&hub.address(), Encoding::Json).await.expect("it connects");
    socket.ask(&json!({"type": "hello", "token": token(user)}), "welcome").await.expect("a welcome");
    socket
}

/// Nobody gets in here, and hears that another node may be tried.
async fn sends_clients_away(hub: &Hub) {
    assert!(Socket::connect(&hub.address(), Encoding::Json).await.is_err());
    for path in ["/", "/chat/location", "/auth/login"] {
        let answer = http::client().get(format!("{}{path}", hub.http_url())).send().await.expect("it answers");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
        let problem: Value = answer.json().await.expect("a problem document");
        assert_eq!(problem["code"], "unavailable");
        assert!(problem["detail"].as_str().expect("a sentence").contains("takes no clients"), "{problem}");
    }
    assert_eq!(hub.metric("hubbub_max_sessions").await, 0.0);
}

async fn each_does_its_part(redis: RedisSpace) {
    let mongo = shared::mongodb().await;
    let [mut clients, mut owner, mut followers] = ROLES.map(|roles| node(roles, &redis, &mongo).spawn());
    for hub in [&mut owner, &mut clients, &mut followers] {
        hub.wait_until_ready().await;
    }
    works(&clients).await;
    all_is_owned_by(&clients, "n-owner.").await;
    sends_clients_away(&owner).await;
    sends_clients_away(&followers).await;
    let asked = http::client().get(format!("{}/chat/location", clients.http_url())).bearer_auth(token("anna"));
    let place: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(place["node"], "n-clients");

    let [mut anna, _bert] = [hello(&clients, "anna").await, hello(&clients, "bert").await];
    let created = json!({"type": "create", "id": 1, "cid": "g", "name": "tea", "members": []});
    let group = anna.ask(&created, "group").await.expect("a group")["id"].clone();
    let send = json!({"type": "send", "id": 2, "group": group, "cid": "m", "text": "hello"});
    owner.kill();
    not_ready_for(&clients, "no live node has the role of owner").await;
    // The sentence tells it from a send that waited in vain.
    let refused = anna.ask(&send, "error").await.expect("it is refused");
    assert_eq!(refused["code"], "unavailable");
    assert!(refused["message"].as_str().expect("a sentence").contains("no node that stores"), "{refused}");
    let change = json!({"type": "add", "id": 3, "group": group, "users": ["bert"]});
    assert_eq!(anna.ask(&change, "error").await.expect("it is refused")["code"], "unavailable");
    for (role, count) in [("clients", 1.0), ("owner", 0.0), ("followers", 1.0)] {
        assert_eq!(clients.metric(&format!("hubbub_nodes_with_role{{role=\"{role}\"}}")).await, count);
    }
    assert_eq!(followers.internal("/readyz").await.expect("it has its own work"), "ready\n");

    owner.restart().await;
    clients.wait_until_ready().await;
    anna.ask(&send, "ack").await.expect("it is stored");
    all_is_owned_by(&clients, "n-owner.").await;
    // In good order, though the last owner has nobody to hand over to.
    for hub in [&mut followers, &mut owner, &mut clients] {
        assert!(hub.terminate().await.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_does_its_part_over_redis() {
    each_does_its_part(shared::redis().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_does_its_part_over_a_redis_cluster() {
    each_does_its_part(shared::redis_cluster().await).await;
}

/// A record of a version that knew no roles.
fn older() -> NodeRecord {
    NodeRecord {
        node: NodeName::parse("older.1").expect("a name"),
        public_url: None,
        zone: None,
        connections: 0,
        capacity: 1,
        draining: false,
        roles: NodeRoles::default(),
        version: "0.1.0".into(),
        since: 0,
        vitals: NodeVitals::default(),
        knows: Knows::default(),
        passes: Default::default(),
        followers: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_few_roles_waits_for_the_end_of_nodes_that_know_none() {
    let (redis, mongo) = (shared::redis().await, shared::mongodb().await);
    let config = RedisConfig { prefix: redis.prefix.clone(), ..RedisConfig::new(&redis.url) };
    let backplane = RedisBackplane::connect(&config).await.expect("Redis is there");
    backplane.beat(&older(), LONG).await.expect("it is registered");
    let mut waiting = node("followers", &redis, &mongo).spawn();
    let whole = node("clients,owner,followers", &redis, &mongo).start().await;
    not_ready_for(&waiting, "this node is not to have clients, owner, and older run").await;
    assert_eq!(waiting.metric("hubbub_waiting{part=\"nodes\"}").await, 1.0);
    let seen = cluster(&whole).await;
    let names: Vec<_> =
        seen["nodes"].as_array().expect("a list").iter().filter_map(|node| node["node"].as_str()).collect();
    assert!(names.iter().any(|name| name.starts_with("older.")), "{seen}");
    backplane.leave(&older().node, 16).await.expect("it has ended");
    waiting.wait_until_ready().await;
}
