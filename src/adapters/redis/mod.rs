//! The backplane in Redis 7.0 or newer: standalone, behind Sentinel, or a Cluster.
//!
//! Everything that must happen in one step is a script in `lua/`, each with one typed call here.
//! docs/backplane.md lists the keys and what is lost when Redis loses what.
//!
//! - `config`, `client`, `keys`, `script`, `reply`: how Redis is reached, named, called and read.
//! - `sequencer`, `log`, `group_states`, `inboxes`, `registry`, `cluster`, `followers`, `tickets`: a port each; `reaping`: a
//!   dead node's share of them.
//! - `log_reader`, `inbox_reader`, `pending_read`: blocking reads; `session_batch`: sessions that come or go together.
//! - `entry`, `session_record`: what stands in keys. `masters`: those of a Cluster, watched.

mod client;
mod cluster;
mod config;
mod entry;
mod followers;
mod group_states;
mod inbox_reader;
mod inboxes;
mod keys;
mod log;
mod log_reader;
mod masters;
mod pending_read;
mod reaping;
mod registry;
mod reply;
mod script;
mod sequencer;
mod session_batch;
mod session_record;
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
    log_reader: log_reader::LogReader,
    inbox_reader: inbox_reader::InboxReader,
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
            log_reader: log_reader::LogReader::new(connector.clone(), client.clone(), keys.clone()),
            inbox_reader: inbox_reader::InboxReader::new(connector.clone(), client.clone(), keys.clone()),
            keys,
            limits: config.limits.clone(),
            _masters: connector.clustered().then(|| masters::Watch::begin(client.clone(), connector.clone())),
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

    /// How long a cid is remembered, in seconds.
    fn cid_window(&self) -> u64 {
        self.limits.cid_window.as_secs().max(1)
    }
}
