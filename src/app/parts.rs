//! What a node stands on: embedded, or scaled out.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::config::Config;
use crate::adapters::local::LocalBackplane;
use crate::adapters::mongodb::{MongoConfig, MongoStore};
use crate::adapters::redis::{RedisBackplane, RedisConfig};
use crate::adapters::sqlite::SqliteStore;
use crate::ports::{Backplane, Store};

/// How long the claim of being the only node lives without being renewed.
const SINGLE_LEASE: Duration = Duration::from_secs(20);
const SINGLE_RENEW: Duration = Duration::from_secs(5);

/// The backplane and the store.
pub struct Parts {
    /// What nodes share.
    pub backplane: Arc<dyn Backplane>,
    /// What lasts.
    pub store: Arc<dyn Store>,
    /// The store serves many nodes, and the backplane only this one.
    shared_store_alone: bool,
}

// === impl Parts ===

impl Parts {
    /// Opens what the settings name. The error is a sentence that says what to do.
    pub async fn open(config: &Config) -> Result<Self, String> {
        let (redis, mongodb) = (config.storage.redis_url.as_deref(), config.storage.mongodb_url.as_deref());
        let store = open_store(config).await?;
        let backplane: Arc<dyn Backplane> = match redis {
            Some(url) => Arc::new(shared(url, config).await?),
            None => Arc::new(LocalBackplane::with_limits(config.backplane.clone())),
        };
        Ok(Self { backplane, store, shared_store_alone: mongodb.is_some() && redis.is_none() })
    }
}

/// Opens the store that the settings name. The error is a sentence that says what to do.
pub async fn open_store(config: &Config) -> Result<Arc<dyn Store>, String> {
    Ok(match config.storage.mongodb_url.as_deref() {
        Some(url) => Arc::new(mongo(url, config).await?),
        None => Arc::new(embedded(&config.storage.data_dir)?),
    })
}

async fn shared(url: &str, config: &Config) -> Result<RedisBackplane, String> {
    let settings = RedisConfig {
        limits: config.backplane.clone(),
        ca_file: config.storage.redis_ca_file.clone(),
        prefix: config.storage.redis_prefix.clone(),
        ..RedisConfig::new(url)
    };
    let connected = RedisBackplane::connect(&settings).await;
    connected.map_err(|error| format!("Redis: {error}; check redis_url and redis_ca_file"))
}

async fn mongo(url: &str, config: &Config) -> Result<MongoStore, String> {
    let settings = MongoConfig::new(url, config.storage.mongodb_database.as_str());
    MongoStore::connect(&settings).await
}

fn embedded(directory: &Path) -> Result<SqliteStore, String> {
    std::fs::create_dir_all(directory)
        .map_err(|error| format!("the data directory {} cannot be made: {error}", directory.display()))?;
    SqliteStore::open(directory.join("hubbub.db"))
}

/// The claim to be the only node on a store that others could use too.
pub struct SingleNode {
    store: Arc<dyn Store>,
    node: String,
}

// === impl SingleNode ===

impl SingleNode {
    /// Takes the claim where one is needed. The error says that another node has it.
    pub async fn hold(parts: &Parts, node: &str) -> Result<Option<Self>, String> {
        if !parts.shared_store_alone {
            return Ok(None);
        }
        // A name of its own for each life: two nodes may have the same name by mistake.
        let single = Self { store: parts.store.clone(), node: format!("{node}.{:016x}", rand::random::<u64>()) };
        match single.renew().await {
            Some(true) => Ok(Some(single)),
            Some(false) => {
                Err("another node uses this MongoDB; without Redis there can be only one. Stop it (and wait \
                                20 s), or set redis_url on all nodes"
                    .into())
            }
            None => Err("MongoDB does not answer; check mongodb_url".into()),
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
