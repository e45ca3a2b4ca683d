//! A clean place on servers that all tests of a run share. Tests that kill or pause their server
//! start one of their own instead.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use tokio::sync::OnceCell;

use super::{
    mongo::{self, MongoServer, given_url, with_database},
    redis::{RedisOptions, RedisServer},
    redis_cluster::RedisCluster,
};

/// A Redis database of a test's own, on one of the run's shared standalone servers. Pub/sub channels know
/// no databases: a test that uses them puts [`RedisSpace::prefix`] before their names.
#[derive(Debug, Clone)]
pub struct RedisSpace {
    /// The URL, with the database's number.
    pub url: String,
    /// Unlike any other test's.
    pub prefix: String,
}

/// A MongoDB database of a test's own, on the run's shared server.
#[derive(Debug)]
pub struct MongoSpace {
    /// The URL, with the database's name.
    pub url: String,
    pub database: String,
    /// A server that outlives this run is left clean.
    lasting: bool,
}

/// Databases of one server: clients of the hub know no more.
const DATABASES: u32 = 256;
/// Servers at most: far more databases than there are tests. Each is started when the ones before are given away.
const SERVERS: usize = 16;

/// An empty database on a shared Redis.
pub async fn redis() -> RedisSpace {
    static STARTED: [OnceCell<RedisServer>; SERVERS] = [const { OnceCell::const_new() }; SERVERS];
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let options = RedisOptions::default().argument("--databases", &DATABASES.to_string());
    let server = &STARTED[(number / DATABASES) as usize];
    let server = server.get_or_init(|| RedisServer::start_with(&options)).await;
    RedisSpace { url: format!("{}/{}", server.url(), number % DATABASES), prefix: unique() }
}

/// The shared Redis Cluster. It knows no databases: its tests keep apart by [`RedisSpace::prefix`].
pub async fn redis_cluster() -> RedisSpace {
    static CLUSTER: OnceCell<RedisCluster> = OnceCell::const_new();
    let cluster = CLUSTER.get_or_init(RedisCluster::start).await;
    RedisSpace { url: cluster.url(), prefix: unique() }
}

/// An empty database on the shared MongoDB, or on the one given by `HUBBUB_TEST_MONGODB_URL`.
pub async fn mongodb() -> MongoSpace {
    static SERVER: OnceCell<MongoServer> = OnceCell::const_new();
    let database = format!("hubbub_test_{}", unique());
    let given = given_url();
    let lasting = given.is_some();
    let server = match given {
        Some(url) => {
            mongo::announce("the one given by HUBBUB_TEST_MONGODB_URL");
            url
        }
        None => SERVER.get_or_init(MongoServer::start).await.url(),
    };
    MongoSpace { url: with_database(&server, &database), database, lasting }
}

/// A name that no other test has, in this run or another.
fn unique() -> String {
    format!("t{:012x}", rand::random::<u64>() >> 16)
}

impl Drop for MongoSpace {
    fn drop(&mut self) {
        if self.lasting {
            let (url, database) = (self.url.clone(), self.database.clone());
            // A test's runtime cannot be blocked on from within.
            let dropped = thread::spawn(move || drop_database(&url, &database)).join();
            if !matches!(dropped, Ok(Ok(()))) {
                eprintln!("the database {} was left behind: {dropped:?}", self.database);
            }
        }
    }
}

fn drop_database(url: &str, database: &str) -> Result<(), mongodb::error::Error> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async { mongo::client(url).await.database(database).drop().await })
}
