//! The servers, nodes and proxies of a round, and what each fault does to them.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::plan::{Fault, Kind, Part, Way};
use crate::contract::listeners::{Listeners, RECOVERY};
use crate::support::proxy::{Line, Proxy};
use crate::support::redis::{Aof, RedisOptions, RedisServer};
use crate::support::{Hub, HubBuilder, MongoServer, RedisCluster, RedisSentinel, scratch};

/// How late a slow line is.
const LATE: Duration = Duration::from_millis(150);
/// Below what the embedded store's write-ahead log soon needs, above what a node says to its own.
const FULL_AT: u64 = 256 * 1024;
/// Where Debian's `faketime` keeps its library.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Everything that a round stands on.
pub struct FaultBed {
    nodes: Vec<Hub>,
    /// The clients' ways to the nodes, then the nodes' ways to Redis and to MongoDB.
    to_node: Vec<Proxy>,
    to_redis: Vec<Proxy>,
    to_mongo: Vec<Proxy>,
    redis: Redis,
    mongo: Option<MongoServer>,
    clock: Option<Clock>,
    backup: Option<TempDir>,
    restored: bool,
}

enum Redis {
    None,
    One(Box<RedisServer>),
    Sentinel(Box<RedisSentinel>),
    Cluster(Box<RedisCluster>),
}

/// The last node's clock, where the machine has a way to change it.
struct Clock {
    file: PathBuf,
    _directory: TempDir,
}

// === impl FaultBed ===

impl FaultBed {
    pub async fn build(kind: Kind) -> Self {
        let mut ground = Self {
            nodes: Vec::new(),
            to_node: Vec::new(),
            to_redis: Vec::new(),
            to_mongo: Vec::new(),
            redis: Redis::None,
            mongo: None,
            clock: None,
            backup: None,
            restored: false,
        };
        if kind == Kind::Embedded {
            ground.nodes.push(node("a").survives_full_disk().env("HUBBUB_LOG", "error").start().await);
        } else {
            ground.mongo = Some(MongoServer::start().await);
            ground.clock = Clock::find();
            ground.redis = match kind {
                Kind::Sentinel => Redis::Sentinel(Box::new(RedisSentinel::start().await)),
                Kind::Cluster => Redis::Cluster(Box::new(RedisCluster::start_with_replicas().await)),
                _ => Redis::One(Box::new(RedisServer::start_with(&RedisOptions::aof(Aof::Always)).await)),
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
            builder = builder.mongodb(&format!("mongodb://{}/hubbub?directConnection=true", proxy.address()));
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
        match &self.clock {
            Some(clock) if name == "c" => clock.rule(builder),
            _ => builder,
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
            (Part::Node(_), Way::ClockJumped(seconds)) => match &self.clock {
                Some(clock) => clock.jump(seconds),
                None => println!("   (left out: there is no {FAKETIME}; Debian's faketime has it)"),
            },
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
            (Part::Node(_), _) => unreachable!("no plan has {fault:?}"),
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
            (Part::Node(_), _) => {
                if let Some(clock) = &self.clock {
                    clock.jump(0);
                }
            }
            (Part::Redis, way) => match (&mut self.redis, way) {
                (Redis::Sentinel(redis), Way::FailedOver) => redis.restart_killed().await,
                (Redis::Cluster(redis), Way::FailedOver) => redis.restart_killed().await,
                (Redis::One(redis), Way::Paused) => redis.process().resume(),
                (Redis::One(redis), Way::Emptied) => redis.restart_empty().await,
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

// === impl Clock ===

impl Clock {
    fn find() -> Option<Clock> {
        let directory = scratch::directory("clock");
        let clock = Clock { file: directory.path().join("offset"), _directory: directory };
        clock.jump(0);
        PathBuf::from(FAKETIME).exists().then_some(clock)
    }

    /// Has this node live by the clock. Timers go on as they do when a clock is set.
    fn rule(&self, builder: HubBuilder) -> HubBuilder {
        builder
            .env("LD_PRELOAD", FAKETIME)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file.to_string_lossy())
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
    }

    fn jump(&self, seconds: i64) {
        fs::write(&self.file, format!("{seconds:+}s\n")).expect("the target directory can be written to");
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
