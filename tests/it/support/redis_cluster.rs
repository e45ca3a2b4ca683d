//! A Redis Cluster of three masters.

use std::time::Duration;

use fred::{
    prelude::{Client, ClientLike},
    types::{ClusterHash, CustomCommand},
};

use super::{
    ports::Port,
    redis::{self, RedisOptions, RedisServer},
    wait::eventually_within,
};

/// The hash slots of the three masters: all 16,384.
const SLOTS: [(u16, u16); 3] = [(0, 5460), (5461, 10922), (10923, 16383)];

/// Nodes find each other by gossip, which takes seconds.
const FORMING: Duration = Duration::from_secs(60);

/// Three masters. Without replicas, killing one makes its slots unavailable.
#[derive(Debug)]
pub struct RedisCluster {
    /// The masters as they were at first, then their replicas.
    servers: Vec<RedisServer>,
    bus_ports: Vec<Port>,
    killed: Option<usize>,
}

impl RedisCluster {
    /// Starts the masters with the default options and waits until each sees the whole cluster.
    pub async fn start() -> RedisCluster {
        RedisCluster::start_with(&RedisOptions::default()).await
    }

    pub async fn start_with(options: &RedisOptions) -> RedisCluster {
        let mut cluster = RedisCluster { servers: Vec::new(), bus_ports: Vec::new(), killed: None };
        for _ in SLOTS {
            cluster.add(options).await;
        }
        cluster.form().await;
        cluster.wait_until_ok().await;
        cluster
    }

    /// Starts the masters, each with a replica that takes its place when it dies.
    pub async fn start_with_replicas() -> RedisCluster {
        let options = RedisOptions::default().argument("--cluster-replica-validity-factor", "0");
        let mut cluster = RedisCluster::start_with(&options).await;
        for master in 0..SLOTS.len() {
            cluster.add(&options).await;
            cluster.replicate(master, SLOTS.len() + master).await;
        }
        cluster.wait_until_ok().await;
        cluster
    }

    async fn add(&mut self, options: &RedisOptions) {
        let bus = Port::reserve();
        let options = options
            .clone()
            .argument("--cluster-enabled", "yes")
            // The default, the port + 10,000, could be anybody's.
            .argument("--cluster-port", &bus.number().to_string())
            .argument("--cluster-node-timeout", "2000");
        self.servers.push(RedisServer::start_with(&options).await);
        self.bus_ports.push(bus);
    }

    async fn replicate(&self, master: usize, replica: usize) {
        self.meet(replica).await;
        let id = cluster(&self.servers[master].client().await, &["MYID"]).await.expect("a node knows its id");
        let node = self.servers[replica].client().await;
        // It has to hear of the master first.
        eventually_within(FORMING, "a replica follows its master", async || {
            let answer = cluster(&node, &["REPLICATE", &id]).await?;
            if answer == "OK" { Ok(()) } else { Err(answer) }
        })
        .await;
    }

    /// Kills a master that has a replica, and waits until that one is a master. The killed one stays
    /// down; [`RedisCluster::restart_killed`] brings it back as a replica.
    pub async fn fail_over(&mut self) {
        self.killed = Some(self.replace(RedisServer::kill).await);
    }

    /// Pauses a master that has a replica, and waits until that one is a master. Answers which.
    pub async fn fail_over_from_silent(&mut self) -> usize {
        self.replace(|master| master.process().pause()).await
    }

    async fn replace(&mut self, stop: impl FnOnce(&mut RedisServer)) -> usize {
        let servers = &self.servers;
        let old = eventually_within(FORMING, "a master has a replica in step", async || {
            for (index, server) in servers.iter().enumerate() {
                let info: String = server.client().await.info(None).await.map_err(|error| error.to_string())?;
                if info.contains("role:master") && info.contains("state=online") {
                    return Ok(index);
                }
            }
            Err("none has".to_owned())
        })
        .await;
        stop(&mut self.servers[old]);
        let port = format!(":{}@", self.servers[old].port());
        for (_, server) in self.servers.iter().enumerate().filter(|(index, _)| *index != old) {
            let node = server.client().await;
            eventually_within(FORMING, "a replica takes the master's place", async || {
                let nodes = cluster(&node, &["NODES"]).await?;
                let leads = |line: &&str| line.contains("master") && !line.contains("fail") && !line.contains(&port);
                if nodes.lines().filter(leads).count() == SLOTS.len() { Ok(()) } else { Err(nodes) }
            })
            .await;
        }
        old
    }

    /// Starts the master that [`RedisCluster::fail_over`] killed again, with its data.
    pub async fn restart_killed(&mut self) {
        if let Some(killed) = self.killed.take() {
            self.servers[killed].restart().await;
        }
    }

    /// A URL that names all three masters.
    pub fn url(&self) -> String {
        let [first, others @ ..] = &self.servers[..SLOTS.len()] else { unreachable!("there are three") };
        let nodes: Vec<String> = others.iter().map(|master| format!("node=127.0.0.1:{}", master.port())).collect();
        format!("redis-cluster://127.0.0.1:{}?{}", first.port(), nodes.join("&"))
    }

    /// One of the three, to kill, pause or restart.
    pub fn master(&mut self, index: usize) -> &mut RedisServer {
        &mut self.servers[index]
    }

    /// The one of the three that holds the keys with this hash tag.
    pub fn master_of(tag: &str) -> usize {
        let slot = fred::util::redis_keyslot(tag.as_bytes());
        let holds = |(first, last): &(u16, u16)| (*first..=*last).contains(&slot);
        SLOTS.iter().position(holds).expect("each slot has a master")
    }

    /// A connected cluster client.
    pub async fn client(&self) -> Client {
        redis::client(&self.url()).await
    }

    /// Waits until every master says that all slots are served.
    pub async fn wait_until_ok(&self) {
        let known = format!("cluster_known_nodes:{}", self.servers.len());
        for server in &self.servers {
            let node = server.client().await;
            eventually_within(FORMING, "the cluster's state is ok", async || {
                let info = cluster(&node, &["INFO"]).await?;
                let ok = info.contains("cluster_state:ok") && info.contains(&known);
                if ok { Ok(()) } else { Err(info) }
            })
            .await;
        }
    }

    async fn form(&self) {
        for (index, (first, last)) in SLOTS.into_iter().enumerate() {
            let node = self.servers[index].client().await;
            demand(&node, &["ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).await;
            if index > 0 {
                self.meet(index).await;
            }
        }
    }

    /// Makes a server known to the first one, and so to all.
    async fn meet(&self, index: usize) {
        let introducer = self.servers[0].client().await;
        let (port, bus) = (self.servers[index].port().to_string(), self.bus_ports[index].number().to_string());
        demand(&introducer, &["MEET", "127.0.0.1", &port, &bus]).await;
    }
}

async fn demand(node: &Client, arguments: &[&str]) {
    assert_eq!(cluster(node, arguments).await.as_deref(), Ok("OK"), "CLUSTER {arguments:?}");
}

async fn cluster(node: &Client, arguments: &[&str]) -> Result<String, String> {
    let command = CustomCommand::new_static("CLUSTER", ClusterHash::Random, false);
    node.custom(command, arguments.iter().map(|argument| (*argument).to_owned()).collect())
        .await
        .map_err(|error| error.to_string())
}
