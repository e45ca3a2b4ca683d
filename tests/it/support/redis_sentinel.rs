//! A Redis primary with a replica, watched over by three Sentinels.

use std::{fs, process::Command, time::Duration};

use fred::{
    prelude::{Client, ClientLike},
    types::{ClusterHash, CustomCommand},
};
use tempfile::TempDir;

use super::{
    ports::Port,
    process::Process,
    redis::{self, RedisOptions, RedisServer},
    scratch,
    wait::{eventually, eventually_within},
};

/// What the Sentinels call the primary.
pub const SERVICE: &str = "hub";

/// The Sentinels find out that a primary is gone, agree, and promote.
const FAILING_OVER: Duration = Duration::from_secs(60);

/// Two servers, either of which may be the primary, and three Sentinels with a quorum of two.
#[derive(Debug)]
pub struct RedisSentinel {
    servers: [RedisServer; 2],
    sentinels: Vec<Sentinel>,
}

#[derive(Debug)]
struct Sentinel {
    process: Process,
    port: Port,
    _directory: TempDir,
}

// === impl RedisSentinel ===

impl RedisSentinel {
    /// Starts them and waits until every Sentinel knows the replica and the other Sentinels.
    pub async fn start() -> RedisSentinel {
        let first = RedisServer::start().await;
        let follow = RedisOptions::default().argument("--replicaof", &format!("127.0.0.1 {}", first.port()));
        let second = RedisServer::start_with(&follow).await;
        let sentinels = (0..3).map(|_| Sentinel::start(first.port())).collect();
        let group = RedisSentinel { servers: [first, second], sentinels };
        group.wait_until_watched().await;
        group
    }

    /// A URL that names all three Sentinels.
    pub fn url(&self) -> String {
        let [first, others @ ..] = &self.sentinels[..] else { unreachable!("there are three") };
        let nodes: Vec<String> = others.iter().map(|sentinel| format!("node={}", sentinel.port.address())).collect();
        format!("redis-sentinel://{}?sentinelServiceName={SERVICE}&{}", first.port.address(), nodes.join("&"))
    }

    /// A connected client, which follows the primary.
    pub async fn client(&self) -> Client {
        redis::client(&self.url()).await
    }

    /// Kills the primary and waits until all Sentinels name the other server. The killed one stays
    /// down; [`RedisSentinel::restart_killed`] brings it back as a replica.
    pub async fn fail_over(&mut self) {
        let old = self.primary_port().await;
        self.server(old).kill();
        self.wait_until_promoted(old).await;
    }

    async fn wait_until_promoted(&self, old: u16) {
        for sentinel in &self.sentinels {
            let client = redis::client(&format!("redis://{}", sentinel.port.address())).await;
            eventually_within(FAILING_OVER, "the replica is promoted", async || match primary(&client).await? {
                port if port == old => Err(format!("the primary is still {port}")),
                _ => Ok(()),
            })
            .await;
        }
    }

    /// SIGSTOP to the replica: what the primary is told from now on, it will not have.
    pub async fn pause_replica(&mut self) {
        let primary = self.primary_port().await;
        self.replica_of(primary).process().pause();
    }

    /// [`RedisSentinel::fail_over`] to a replica that was paused.
    pub async fn fail_over_to_paused(&mut self) {
        let old = self.primary_port().await;
        self.server(old).kill();
        // What it was sent waits in its socket, and would be read if it merely went on.
        self.replica_of(old).restart().await;
        self.wait_until_promoted(old).await;
    }

    fn replica_of(&mut self, primary: u16) -> &mut RedisServer {
        self.servers.iter_mut().find(|server| server.port() != primary).expect("one of the two")
    }

    /// Starts the server that is not the primary again, with its data.
    pub async fn restart_killed(&mut self) {
        let now = self.primary_port().await;
        let killed = self.servers.iter_mut().find(|server| server.port() != now);
        killed.expect("there are two").restart().await;
    }

    /// Kills all of them, Sentinels and servers.
    pub fn kill_all(&mut self) {
        self.sentinels.iter_mut().for_each(|sentinel| sentinel.process.kill());
        self.servers.iter_mut().for_each(RedisServer::kill);
    }

    /// Starts all of them again, with what they knew.
    pub async fn restart_all(&mut self) {
        for server in &mut self.servers {
            server.restart().await;
        }
        for sentinel in &mut self.sentinels {
            sentinel.process.start_again().expect("it started before");
        }
    }

    /// The port of the primary that the first Sentinel names.
    pub async fn primary_port(&self) -> u16 {
        let client = redis::client(&format!("redis://{}", self.sentinels[0].port.address())).await;
        eventually("a Sentinel names the primary", async || primary(&client).await).await
    }

    fn server(&mut self, port: u16) -> &mut RedisServer {
        self.servers.iter_mut().find(|server| server.port() == port).expect("one of the two")
    }

    async fn wait_until_watched(&self) {
        for sentinel in &self.sentinels {
            let url = format!("redis://{}", sentinel.port.address());
            let client = eventually("a Sentinel answers", async || redis::connect(&url).await).await;
            eventually("a Sentinel knows all others", async || {
                let info: String = client.info(None).await.map_err(|error| error.to_string())?;
                let known = info.contains("status=ok") && info.contains("slaves=1,sentinels=3");
                if known { Ok(()) } else { Err(info) }
            })
            .await;
        }
    }
}

// === impl Sentinel ===

impl Sentinel {
    fn start(primary: u16) -> Sentinel {
        let port = Port::reserve();
        let directory = scratch::directory("sentinel");
        // A Sentinel writes what it learns into its file.
        let file = directory.path().join("sentinel.conf");
        let settings = format!(
            "port {}\nbind 127.0.0.1\ndir {}\n\
             sentinel monitor {SERVICE} 127.0.0.1 {primary} 2\n\
             sentinel down-after-milliseconds {SERVICE} 1000\n\
             sentinel failover-timeout {SERVICE} 5000\n",
            port.number(),
            directory.path().display(),
        );
        fs::write(&file, settings).expect("the target directory can be written to");
        let mut command = Command::new("redis-server");
        command.arg(&file).arg("--sentinel");
        let process = Process::start("sentinel", directory.path(), command).expect("redis-server starts");
        Sentinel { process, port, _directory: directory }
    }
}

/// The primary's port, as a Sentinel has it.
async fn primary(sentinel: &Client) -> Result<u16, String> {
    let command = CustomCommand::new_static("SENTINEL", ClusterHash::FirstKey, false);
    let arguments = vec!["get-master-addr-by-name", SERVICE];
    let (_, port): (String, u16) = sentinel.custom(command, arguments).await.map_err(|error| error.to_string())?;
    Ok(port)
}
