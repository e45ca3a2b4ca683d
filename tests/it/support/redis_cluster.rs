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

/// Three masters without replicas. Killing one makes its slots unavailable.
#[derive(Debug)]
pub struct RedisCluster {
    masters: Vec<RedisServer>,
    bus_ports: Vec<Port>,
}

impl RedisCluster {
    /// Starts the masters with the default options and waits until each sees the whole cluster.
    pub async fn start() -> RedisCluster {
        RedisCluster::start_with(&RedisOptions::default()).await
    }

    pub async fn start_with(options: &RedisOptions) -> RedisCluster {
        let bus_ports: Vec<Port> = SLOTS.iter().map(|_| Port::reserve()).collect();
        let mut masters = Vec::new();
        for bus in &bus_ports {
            let options = options
                .clone()
                .argument("--cluster-enabled", "yes")
                // The default, the port + 10,000, could be anybody's.
                .argument("--cluster-port", &bus.number().to_string())
                .argument("--cluster-node-timeout", "2000");
            masters.push(RedisServer::start_with(&options).await);
        }
        let cluster = RedisCluster { masters, bus_ports };
        cluster.form().await;
        cluster.wait_until_ok().await;
        cluster
    }

    /// A URL that names all three masters.
    pub fn url(&self) -> String {
        let [first, others @ ..] = &self.masters[..] else { unreachable!("there are three") };
        let nodes: Vec<String> = others.iter().map(|master| format!("node=127.0.0.1:{}", master.port())).collect();
        format!("redis-cluster://127.0.0.1:{}?{}", first.port(), nodes.join("&"))
    }

    /// One of the three, to kill, pause or restart.
    pub fn master(&mut self, index: usize) -> &mut RedisServer {
        &mut self.masters[index]
    }

    /// A connected cluster client.
    pub async fn client(&self) -> Client {
        redis::client(&self.url()).await
    }

    /// Waits until every master says that all slots are served.
    pub async fn wait_until_ok(&self) {
        for master in &self.masters {
            let node = master.client().await;
            eventually_within(FORMING, "the cluster's state is ok", async || {
                let info = cluster(&node, &["INFO"]).await?;
                let ok = info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3");
                if ok { Ok(()) } else { Err(info) }
            })
            .await;
        }
    }

    async fn form(&self) {
        let introducer = self.masters[0].client().await;
        for ((master, bus), (first, last)) in self.masters.iter().zip(&self.bus_ports).zip(SLOTS) {
            let node = master.client().await;
            let range = [first.to_string(), last.to_string()];
            demand(&node, &["ADDSLOTSRANGE", &range[0], &range[1]]).await;
            if master.port() != self.masters[0].port() {
                let (port, bus) = (master.port().to_string(), bus.number().to_string());
                demand(&introducer, &["MEET", "127.0.0.1", &port, &bus]).await;
            }
        }
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
