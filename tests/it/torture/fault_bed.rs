//! The servers, nodes and proxies of a round, and what each fault does to them.

use std::ops::Range;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::plan::{Fault, Kind, Part, Way};
use crate::contract::followed::{Compared, Journals, Stored};
use crate::contract::listeners::{Listeners, RECOVERY};
use crate::support::clock::Clock;
use crate::support::proxy::{Line, Proxy};
use crate::support::redis::{Aof, RedisOptions, RedisServer};
use crate::support::{Hub, HubBuilder, MongoServer, RedisCluster, RedisSentinel, scratch};

/// How late a slow line is.
const LATE: Duration = Duration::from_millis(150);
/// Below what the embedded store's write-ahead log soon needs, above what a node says to its own.
const FULL_AT: u64 = 256 * 1024;
/// Where nodes store.
const DATABASE: &str = "hubbub";
/// The setting that has a node write its journal.
const JOURNAL: &str = "HUBBUB_JOURNAL";

/// Everything that a round stands on.
pub struct FaultBed {
    nodes: Vec<Hub>,
    /// The clients' ways to the nodes, then the nodes' ways to Redis and to MongoDB.
    to_node: Vec<Proxy>,
    to_redis: Vec<Proxy>,
    to_mongo: Vec<Proxy>,
    redis: Redis,
    mongo: Option<MongoServer>,
    /// Each node's, then that of the one Redis; none where clocks cannot be set.
    clocks: Vec<Clock>,
    backup: Option<TempDir>,
    restored: bool,
    /// Redis as it was when a fault began.
    early: Option<TempDir>,
    journals: Journals,
    _journals: TempDir,
}

enum Redis {
    None,
    One(Box<RedisServer>),
    Sentinel(Box<RedisSentinel>),
    Cluster(Box<RedisCluster>),
}

// === impl FaultBed ===

impl FaultBed {
    pub async fn build(kind: Kind) -> Self {
        let journals = scratch::directory("journals");
        let mut ground = Self {
            nodes: Vec::new(),
            to_node: Vec::new(),
            to_redis: Vec::new(),
            to_mongo: Vec::new(),
            redis: Redis::None,
            mongo: None,
            clocks: (0..4).filter_map(|_| Clock::new()).collect(),
            backup: None,
            restored: false,
            early: None,
            journals: Journals::of(journals.path()),
            _journals: journals,
        };
        if kind == Kind::Embedded {
            let node = node("a").survives_full_disk().env("HUBBUB_LOG", "error");
            let node = node.env(JOURNAL, &ground.journals.folder("a"));
            let node = ground.clocks.first().map_or(node.clone(), |clock| clock.of_node(node));
            ground.nodes.push(node.start().await);
        } else {
            ground.mongo = Some(MongoServer::start().await);
            ground.redis = match kind {
                Kind::Sentinel => Redis::Sentinel(Box::new(RedisSentinel::start().await)),
                Kind::Cluster => Redis::Cluster(Box::new(RedisCluster::start_with_replicas().await)),
                _ => {
                    let options = RedisOptions::aof(Aof::Always);
                    let options = ground.clocks.get(3).map_or(options.clone(), |clock| clock.of_redis(options));
                    Redis::One(Box::new(RedisServer::start_with(&options).await))
                }
            };
            for name in ["a", "b", "c"] {
                let started = ground.node(name).await.start().await;
                ground.nodes.push(started);
            }
        }
        for at in 0..ground.nodes.len() {
            ground.to_node.push(Proxy::to(&ground.nodes[at].address()).await);
        }
        ground
    }

    async fn node(&mut self, name: &str) -> HubBuilder {
        let mut builder = node(name);
        if let Some(mongo) = &self.mongo {
            let proxy = Proxy::to(&mongo.address()).await;
            builder = builder.mongodb(&format!("mongodb://{}/{DATABASE}?directConnection=true", proxy.address()));
            self.to_mongo.push(proxy);
        }
        match &self.redis {
            Redis::None => {}
            Redis::One(redis) => {
                let proxy = Proxy::to(&format!("127.0.0.1:{}", redis.port())).await;
                builder = builder.redis(&format!("redis://{}", proxy.address()));
                self.to_redis.push(proxy);
            }
            Redis::Sentinel(redis) => builder = builder.redis(&redis.url()),
            Redis::Cluster(redis) => builder = builder.redis(&redis.url()),
        }
        let builder = builder.env(JOURNAL, &self.journals.folder(name));
        match self.clocks.get(self.nodes.len()) {
            Some(clock) => clock.of_node(builder),
            None => builder,
        }
    }

    /// Where what is stored is read, past the proxies.
    pub fn reader(&self) -> String {
        self.nodes[0].address()
    }

    /// Where clients connect.
    pub fn addresses(&self) -> Vec<String> {
        self.to_node.iter().map(Proxy::address).collect()
    }

    pub fn restored(&self) -> bool {
        self.restored
    }

    /// All faults begin together, each ends in its time; then nodes that ended are started.
    pub async fn suffer(&mut self, faults: &[Fault], audience: &Listeners) {
        let begun = Instant::now();
        for fault in faults {
            self.begin(fault, audience).await;
        }
        let mut faults = faults.to_vec();
        faults.sort_by_key(|fault| fault.lasts);
        for fault in &faults {
            tokio::time::sleep(fault.lasts.saturating_sub(begun.elapsed())).await;
            self.end(fault).await;
        }
        for node in &mut self.nodes {
            node.revive(RECOVERY).await;
        }
    }

    async fn begin(&mut self, fault: &Fault, audience: &Listeners) {
        match (fault.part, fault.way) {
            (Part::Node(at), Way::Killed) => self.nodes[at].kill(),
            (Part::Node(at), Way::Paused) => self.nodes[at].process().pause(),
            (Part::Node(at), Way::ClockJumped(seconds)) => self.set_clocks(at..at + 1, seconds),
            (Part::Clocks, Way::ClockJumped(seconds)) => self.set_clocks(0..4, seconds),
            (Part::Followers, _) => self.follow_again(false).await,
            (Part::Redis, Way::ThrownBack) => {
                if let Redis::One(redis) = &self.redis {
                    self.early = Some(redis.copy());
                }
            }
            (Part::Redis, Way::FailedOver) => match &mut self.redis {
                Redis::Sentinel(redis) => redis.fail_over().await,
                Redis::Cluster(redis) => redis.fail_over().await,
                _ => {}
            },
            (Part::Redis, way) => self.hit_redis(way),
            (Part::Mongo, Way::Paused) => self.mongo().pause(),
            (Part::Mongo, _) => self.mongo().kill(),
            (Part::Disk, _) => self.nodes[0].process().limit_files(Some(FULL_AT)),
            (Part::Everything, _) => self.restore_store(audience).await,
            (Part::ToRedis(at), way) => self.to_redis[at].set(line(way)),
            (Part::ToMongo(at), way) => self.to_mongo[at].set(line(way)),
            (Part::ToNode(at), way) => self.to_node[at].set(line(way)),
            (Part::Node(_) | Part::Clocks, _) => unreachable!("no plan has {fault:?}"),
        }
    }

    fn hit_redis(&mut self, way: Way) {
        // With Sentinel and in a Cluster the one that leads is killed: see `FailedOver`.
        if let Redis::One(redis) = &mut self.redis {
            match way {
                Way::Paused => redis.process().pause(),
                _ => redis.kill(),
            }
        }
    }

    async fn end(&mut self, fault: &Fault) {
        match (fault.part, fault.way) {
            (Part::Node(at), Way::Killed) => self.nodes[at].start_again(),
            (Part::Node(at), Way::Paused) => self.nodes[at].process().resume(),
            (Part::Node(at), _) => self.set_clocks(at..at + 1, 0),
            (Part::Clocks, _) => self.set_clocks(0..4, 0),
            (Part::Followers, _) => {
                if let Redis::One(redis) = &mut self.redis {
                    redis.restart_empty().await;
                }
                self.follow_again(true).await;
            }
            (Part::Redis, way) => match (&mut self.redis, way) {
                (Redis::Sentinel(redis), Way::FailedOver) => redis.restart_killed().await,
                (Redis::Cluster(redis), Way::FailedOver) => redis.restart_killed().await,
                (Redis::One(redis), Way::Paused) => redis.process().resume(),
                (Redis::One(redis), Way::Emptied) => redis.restart_empty().await,
                (Redis::One(redis), Way::ThrownBack) => {
                    redis.throw_back(&self.early.take().expect("a copy was made when it began")).await;
                }
                (Redis::One(redis), _) => redis.restart().await,
                _ => {}
            },
            (Part::Mongo, Way::Paused) => self.mongo().resume(),
            (Part::Mongo, _) => self.mongo().restart().await,
            (Part::Disk, _) => self.nodes[0].process().limit_files(None),
            (Part::Everything, _) => {}
            (Part::ToRedis(at), _) => self.to_redis[at].set(Line::Open),
            (Part::ToMongo(at), _) => self.to_mongo[at].set(Line::Open),
            (Part::ToNode(at), _) => self.to_node[at].set(Line::Open),
        }
    }

    fn set_clocks(&self, which: Range<usize>, seconds: i64) {
        self.clocks.iter().skip(which.start).take(which.len()).for_each(|clock| clock.set_off(seconds));
    }

    /// All nodes are killed and come back with what follows turned on, or off.
    async fn follow_again(&mut self, on: bool) {
        for node in &mut self.nodes {
            let folder = self.journals.folder(node.name());
            node.set(JOURNAL, on.then_some(folder.as_str()));
            node.kill();
            node.start_again();
            node.revive(RECOVERY).await;
        }
    }

    /// Waits until everything that is stored is followed, with nothing more to come.
    pub async fn followed(&mut self) -> Compared {
        let stored = match &self.mongo {
            Some(mongo) => Stored::Mongo { url: mongo.url(), database: DATABASE.into() },
            None => Stored::Sqlite(self.nodes[0].data_directory().join("hubbub.db")),
        };
        self.journals.follow(&stored, self.restored).await
    }

    /// The first time a backup is made. The next time the store is restored from it as operators
    /// are told to: nodes stopped, Redis emptied. Everybody knows everything before, so that what
    /// clients are told to forget is all that is lost.
    async fn restore_store(&mut self, audience: &Listeners) {
        let Some(copy) = self.backup.take() else {
            self.backup = self.mongo().back_up().await;
            return;
        };
        audience.settle(&self.reader()).await;
        self.nodes.iter_mut().for_each(Hub::kill);
        self.mongo().restore(&copy).await;
        if let Redis::One(redis) = &mut self.redis {
            redis.restart_empty().await;
        }
        for node in &mut self.nodes {
            node.start_again();
            node.revive(RECOVERY).await;
        }
        // Everybody comes back before anything new is said: a cursor tells of a lost tail only while
        // the group has not grown past it again.
        audience.settle(&self.reader()).await;
        self.restored = true;
        audience.carry_on();
    }

    fn mongo(&mut self) -> &mut MongoServer {
        self.mongo.as_mut().expect("all kinds but the embedded one have MongoDB")
    }
}

fn node(name: &str) -> HubBuilder {
    // Clients that faults cut off come again at once, and so does who compares what is stored.
    Hub::builder(name).env("HUBBUB_LOG", "info,hubbub=debug").env("HUBBUB_HELLO_BURST", "100000")
}

fn line(way: Way) -> Line {
    match way {
        Way::Cut => Line::Cut,
        Way::HalfClosed => Line::HalfClosed,
        Way::Slow => Line::Slow(LATE),
        _ => Line::Stalled,
    }
}
