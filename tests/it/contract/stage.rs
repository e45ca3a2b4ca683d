//! Three nodes on Redis and MongoDB, clients that send without a pause, and the verdict after.

use std::time::Duration;

use super::listeners::{Cast, Listeners};
pub use super::listeners::{connected, token};
use crate::support::hub::{Hub, HubBuilder};
use crate::support::mongo::MongoServer;
use crate::support::redis::{Aof, RedisOptions, RedisServer};

/// A running cluster under load.
pub struct Stage {
    pub redis: RedisServer,
    pub mongo: MongoServer,
    pub nodes: Vec<Hub>,
    audience: Listeners,
}

impl Stage {
    /// Starts the servers and nodes, makes groups, and lets the load begin.
    pub async fn open(seed: u64) -> Self {
        Self::open_with(seed, |_, node| node).await
    }

    /// The same, with nodes that are set up by name.
    pub async fn open_with(seed: u64, set_up: impl Fn(&str, HubBuilder) -> HubBuilder) -> Self {
        let redis = RedisServer::start_with(&RedisOptions::aof(Aof::Always)).await;
        let mongo = MongoServer::start().await;
        let database = mongo.database_url("hubbub");
        let node = |name: &str| {
            let node = Hub::builder(name).redis(&redis.url()).mongodb(&database);
            // Whoever compares what is stored comes again and again.
            set_up(name, node.env("HUBBUB_LOG", "info,hubbub=debug").env("HUBBUB_HELLO_BURST", "100000"))
        };
        let (a, b, c) = tokio::join!(node("a").start(), node("b").start(), node("c").start());
        let nodes = vec![a, b, c];
        let cast = Cast { users: 8, groups: 4, pause: Duration::from_millis(40), all_sorts: false, seed };
        let addresses = nodes.iter().map(Hub::address).collect();
        let audience = Listeners::assemble(cast, &nodes[0].address(), addresses).await;
        let stage = Self { redis, mongo, nodes, audience };
        stage.until_acked(10).await;
        stage
    }

    /// Waits until every actor has `more` acks than now: the hub works for everybody.
    pub async fn until_acked(&self, more: usize) {
        self.audience.until_acked(more).await;
    }

    /// Ends the load, waits until all is answered and seen, and holds the contract against the record.
    pub async fn verdict(self) {
        // Node `a` is never the one that dies.
        let verdict = self.audience.verdict(&self.nodes[0].address(), false).await;
        println!("{} sends, {} events, {} reconnects", verdict.sends, verdict.events, verdict.reconnects);
        println!("refusals {:?}", verdict.refusals);
        assert!(verdict.sends > 100, "the load was no load: {} sends", verdict.sends);
        let violations = verdict.violations;
        assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
    }
}
