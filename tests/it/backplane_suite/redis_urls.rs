//! Every way of reaching Redis that a URL can name.

use std::path::{Path, PathBuf};
use std::process::Command;

use hubbub::adapters::redis::{RedisBackplane, RedisConfig};
use hubbub::ports::{BackplaneError, Cluster, Log};

use super::PARTITIONS;
use super::sample::*;
use crate::support::ports::Port;
use crate::support::process::Process;
use crate::support::redis::{RedisOptions, RedisServer};
use crate::support::{eventually, scratch};

async fn works(config: RedisConfig) -> RedisBackplane {
    let backplane = RedisBackplane::connect(&config).await.unwrap();
    backplane.check(PARTITIONS).await.unwrap();
    assert!(backplane.read_log(&node("a.1"), &[0, 1], SHORT).await.unwrap().is_empty());
    backplane
}

/// Why it cannot be used, which no waiting mends.
async fn mistaken(config: RedisConfig) -> String {
    match RedisBackplane::connect(&config).await {
        Ok(_) => panic!("connected"),
        Err(BackplaneError::Unexpected(why)) => why,
        Err(other) => panic!("not told from one that may come to be: {other}"),
    }
}

async fn not_there(config: RedisConfig) -> String {
    match RedisBackplane::connect(&config).await {
        Ok(_) => panic!("connected"),
        Err(BackplaneError::Unreachable(why)) => why,
        Err(other) => panic!("not told from a mistake: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_and_passwords() {
    let server = RedisServer::start().await;
    let admin = server.client().await;
    command::<()>(&admin, &["ACL", "SETUSER", "hub", "on", ">secret", "~*", "+@all"]).await.unwrap();
    let port = server.port();
    works(RedisConfig::new(format!("redis://hub:secret@127.0.0.1:{port}/3"))).await;
    for wrong in ["hub:wrong@", "stranger:secret@"] {
        let why = mistaken(RedisConfig::new(format!("redis://{wrong}127.0.0.1:{port}"))).await;
        assert!(why.contains("WRONGPASS"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there() {
    let port = Port::reserve();
    not_there(RedisConfig::new(format!("redis://{}", port.address()))).await;
    not_there(RedisConfig::new(format!("redis-cluster://{}", port.address()))).await;
    not_there(RedisConfig::new(format!("redis-sentinel://{}?sentinelServiceName=chat", port.address()))).await;
    not_there(RedisConfig::new("redis://no-such-host.invalid:6379".to_owned())).await;
    let nonsense = RedisBackplane::connect(&RedisConfig::new("not a url")).await;
    assert!(matches!(nonsense, Err(BackplaneError::Unexpected(_))));
}

/// A certificate for 127.0.0.1 that signs itself, and its key.
fn certificate(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (certificate, key) = (directory.join(format!("{name}.crt")), directory.join(format!("{name}.key")));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls() {
    let directory = scratch::directory("tls");
    let (trusted, key) = certificate(directory.path(), "trusted");
    let (stranger, _) = certificate(directory.path(), "stranger");
    let port = Port::reserve();
    let options = RedisOptions::default()
        .argument("--tls-port", &port.number().to_string())
        .argument("--tls-cert-file", &trusted.to_string_lossy())
        .argument("--tls-key-file", &key.to_string_lossy())
        .argument("--tls-auth-clients", "no");
    let _server = RedisServer::start_with(&options).await;
    let config = RedisConfig::new(format!("rediss://{}", port.address()));
    works(RedisConfig { ca_file: Some(trusted), ..config.clone() }).await;
    for wrong in [Some(stranger), None] {
        let why = mistaken(RedisConfig { ca_file: wrong, ..config.clone() }).await;
        assert!(why.contains("InvalidCertificate"), "{why}");
    }
    let nothing = RedisBackplane::connect(&RedisConfig { ca_file: Some("/nowhere".into()), ..config }).await;
    assert!(matches!(nothing, Err(BackplaneError::Unexpected(why)) if why.contains("/nowhere")));
}

/// A sentinel that watches one master and acts alone.
fn sentinel(directory: &Path, port: &Port, master: u16) -> Process {
    let config = directory.join("sentinel.conf");
    let text = format!(
        "port {}\nbind 127.0.0.1\ndir {}\nsentinel monitor chat 127.0.0.1 {master} 1\n\
         sentinel down-after-milliseconds chat 500\nsentinel failover-timeout chat 2000\n",
        port.number(),
        directory.display(),
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new("redis-server");
    command.arg(&config).arg("--sentinel");
    Process::start("sentinel", directory, command).expect("redis-server starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_leads_to_the_next_master() {
    let mut master = RedisServer::start().await;
    let follow = format!("127.0.0.1 {}", master.port());
    let options = RedisOptions::default().argument("--replicaof", &follow).argument("--repl-diskless-sync-delay", "0");
    let replica = RedisServer::start_with(&options).await;
    let directory = scratch::directory("sentinel");
    let port = Port::reserve();
    let _sentinel = sentinel(directory.path(), &port, master.port());
    let config = RedisConfig::new(format!("redis-sentinel://{}?sentinelServiceName=chat", port.address()));
    let backplane = eventually("the sentinel answers", async || RedisBackplane::connect(&config).await).await;
    assert_eq!(backplane.next_epoch("a", 1).await.unwrap(), 1);
    let (replica, watched) = (replica.client().await, sentinel_client(&port).await);
    eventually("the replica has it, and the sentinel knows the replica", async || {
        let epochs: Option<String> = command(&replica, &["HGET", "hubbub:{hub}:v2:epochs", "a"]).await?;
        let replicas: Vec<fred::types::Value> = command(&watched, &["SENTINEL", "replicas", "chat"]).await?;
        if epochs.is_some() && !replicas.is_empty() { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    master.kill();
    let epoch = eventually("the replica has become the master", async || backplane.next_epoch("a", 1).await).await;
    assert_eq!(epoch, 2);
    let reads = eventually("the logs are read there", async || backplane.read_log(&node("a.1"), &[0], SHORT).await);
    assert!(reads.await.is_empty());
}

async fn sentinel_client(port: &Port) -> fred::clients::Client {
    crate::support::redis::client(&format!("redis://{}", port.address())).await
}

async fn command<T: fred::types::FromValue>(client: &fred::clients::Client, words: &[&str]) -> Result<T, String> {
    use fred::interfaces::ClientLike;
    let (name, arguments) = words.split_first().expect("a command");
    let command = fred::types::CustomCommand::new(*name, fred::types::ClusterHash::Random, false);
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    client.custom(command, arguments).await.map_err(|error| error.to_string())
}
