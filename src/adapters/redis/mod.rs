//! The backplane in Redis 7.0 or newer: standalone, behind Sentinel, or a Cluster.
//!
//! Everything that must happen in one step is a script in `lua/`, each with one typed call here.
//! docs/backplane.md lists the keys and what is lost when Redis loses what.
//!
//! - `config`, `client`, `keys`, `script`, `reply`: how Redis is reached, named, called and read.
//! - `sequence`, `commits`, `views`: the calls of [`Log`](crate::ports::Log) that write, that the
//!   owner makes, and that look; `reading`, `pending`: blocking reads.
//! - `masters`: those of a Cluster, watched.
//! - `inbox`, `registry`, `cluster`, `reaping`, `tickets`: the other ports; `session_batch`: sessions that come or go
//!   together.

mod client;
mod cluster;
mod commits;
mod config;
mod entry;
mod inbox;
mod keys;
mod log;
mod masters;
mod pending_read;
mod queries;
mod reading;
mod reaping;
mod registry;
mod reply;
mod script;
mod sequence;
mod session_batch;
mod tickets;

pub use config::RedisConfig;

use std::sync::Arc;

use super::BackplaneLimits;
use crate::ports::BackplaneError;
use client::Connector;
use keys::Keys;

/// The backplane in Redis. One connection (one to each master of a Cluster) carries all calls,
/// pipelined; blocking reads have connections of their own.
pub struct RedisBackplane {
    connector: Arc<Connector>,
    client: fred::clients::Client,
    keys: Keys,
    limits: BackplaneLimits,
    log_reader: reading::LogReader,
    inbox_reader: inbox::InboxReader,
    sessions: session_batch::SessionBatch,
    _masters: Option<masters::Watch>,
}

// === impl RedisBackplane ===

impl RedisBackplane {
    /// Tries to connect, once: an address that is wrong or out of reach is an error. From then on lost
    /// connections are made again for ever, and calls meanwhile fail as
    /// [`BackplaneError::Unreachable`].
    pub async fn connect(config: &RedisConfig) -> Result<Self, BackplaneError> {
        let connector = Arc::new(Connector::new(config)?);
        let client = connector.connect_now().await?;
        let keys = Keys::new(&config.prefix);
        Ok(Self {
            sessions: session_batch::SessionBatch::new(client.clone(), keys.clone(), connector.clustered()),
            keys,
            limits: config.limits.clone(),
            _masters: connector.clustered().then(|| masters::Watch::begin(client.clone(), connector.clone())),
            log_reader: reading::LogReader::default(),
            inbox_reader: inbox::InboxReader::default(),
            client,
            connector,
        })
    }

    /// Closes all connections. Calls that wait fail.
    pub async fn close(&self) {
        self.log_reader.close().await;
        self.inbox_reader.close().await;
        client::quit(&self.client).await;
    }
}
