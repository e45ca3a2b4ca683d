//! What a node stands on: embedded, or scaled out.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::config::Config;
use super::waiting::{MONGODB, REDIS, Waiting};
use crate::adapters::local::LocalBackplane;
use crate::adapters::mongodb::{MongoConfig, MongoStore};
use crate::adapters::redis::{RedisBackplane, RedisConfig};
use crate::adapters::sqlite::SqliteStore;
use crate::domain::random_token;
use crate::ports::{Backplane, Cluster, StartError, Store};

/// How long the claim of being the only node lives without being renewed.
const SINGLE_LEASE: Duration = Duration::from_secs(20);
const SINGLE_RENEW: Duration = Duration::from_secs(5);
/// A claim that nobody renews has ended by then, whatever the pauses between tries.
const SINGLE_SURELY_ENDED: Duration = Duration::from_secs(30);

/// The backplane and the store.
pub struct Backends {
    /// What nodes share.
    pub backplane: Arc<dyn Backplane>,
    /// What lasts.
    pub store: Arc<dyn Store>,
    /// The store serves many nodes, and the backplane only this one.
    shared_store_alone: bool,
}

// === impl Backends ===

impl Backends {
    /// Opens what the settings name, once it is there, and sees that it is what is needed.
    pub(super) async fn open(config: &Config, waiting: &Waiting) -> Result<Self, StartError> {
        let (redis, mongodb) = (config.storage.redis_url.as_deref(), config.storage.mongodb_url.as_deref());
        let partitions = config.hub.partitions;
        let store = async {
            let prepared = async || {
                let store = open_store(config).await?;
                store.prepare(partitions).await?;
                Ok::<_, StartError>(store)
            };
            match mongodb {
                Some(_) => waiting.until(MONGODB, prepared).await,
                // What is wrong with a file stays wrong.
                None => prepared().await,
            }
        };
        let backplane = async {
            let Some(url) = redis else {
                return Ok(Arc::new(LocalBackplane::with_limits(config.backplane.clone())) as Arc<dyn Backplane>);
            };
            let shared = waiting.until(REDIS, async || {
                let shared = shared(url, config).await?;
                match shared.check(partitions).await {
                    Ok(()) => Ok(shared),
                    Err(why) => {
                        // It may be tried many times: no connection of an attempt stays.
                        shared.close().await;
                        Err(why)
                    }
                }
            });
            shared.await.map(|shared| Arc::new(shared) as Arc<dyn Backplane>)
        };
        // At the same time: what is wrong with one is told though the other is not there.
        let (store, backplane) = futures::future::try_join(store, backplane).await?;
        Ok(Self { backplane, store, shared_store_alone: mongodb.is_some() && redis.is_none() })
    }
}

/// Opens the store that the settings name.
pub async fn open_store(config: &Config) -> Result<Arc<dyn Store>, StartError> {
    Ok(match config.storage.mongodb_url.as_deref() {
        Some(url) => Arc::new(mongo(url, config).await?),
        None => Arc::new(embedded(&config.storage.data_dir)?),
    })
}

async fn shared(url: &str, config: &Config) -> Result<RedisBackplane, StartError> {
    let settings = RedisConfig {
        limits: config.backplane.clone(),
        ca_file: config.storage.redis_ca_file.clone(),
        prefix: config.storage.redis_prefix.clone(),
        ..RedisConfig::new(url)
    };
    let connected = RedisBackplane::connect(&settings).await;
    connected.map_err(|error| StartError::from(error).map(|why| format!("{why}; check redis_url and redis_ca_file")))
}

async fn mongo(url: &str, config: &Config) -> Result<MongoStore, StartError> {
    let settings = MongoConfig::new(url, config.storage.mongodb_database.as_str());
    MongoStore::connect(&settings).await
}

fn embedded(directory: &Path) -> Result<SqliteStore, StartError> {
    let failed =
        |error| StartError::Never(format!("the data directory {} cannot be made: {error}", directory.display()));
    std::fs::create_dir_all(directory).map_err(failed)?;
    SqliteStore::open(directory.join("hubbub.db"))
}

/// The claim to be the only node on a store that others could use too.
pub struct SingleNode {
    store: Arc<dyn Store>,
    node: String,
}

// === impl SingleNode ===

impl SingleNode {
    /// Takes the claim where one is needed; waits for the end of one that a killed node left. The error says that
    /// another node has it.
    pub(super) async fn hold(parts: &Backends, node: &str, waiting: &Waiting) -> Result<Option<Self>, StartError> {
        if !parts.shared_store_alone {
            return Ok(None);
        }
        // A name of its own for each life: two nodes may have the same name by mistake.
        let single = Self { store: parts.store.clone(), node: format!("{node}.{}", random_token()) };
        let begun = Instant::now();
        waiting.until(MONGODB, async || single.claim(begun.elapsed()).await).await?;
        Ok(Some(single))
    }

    async fn claim(&self, waited: Duration) -> Result<(), StartError> {
        match self.renew().await {
            Some(true) => Ok(()),
            Some(false) if waited < SINGLE_SURELY_ENDED => {
                Err(StartError::NotYet("another node uses it, or was killed less than 20 s ago".into()))
            }
            Some(false) => Err(StartError::Never(
                "another node uses this MongoDB; without Redis there can be only one. Stop it, or set redis_url on all \
                 nodes"
                    .into(),
            )),
            None => Err(StartError::NotYet("it does not answer; check mongodb_url".into())),
        }
    }

    /// Renews the claim until another node has it.
    pub async fn until_lost(self) {
        loop {
            tokio::time::sleep(SINGLE_RENEW).await;
            if self.renew().await == Some(false) {
                return;
            }
        }
    }

    async fn renew(&self) -> Option<bool> {
        self.store.hold_single_node_lease(&self.node, SINGLE_LEASE.as_millis() as u64).await.ok()
    }
}
