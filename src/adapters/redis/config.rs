//! Where Redis is and how much it keeps.

use std::path::PathBuf;
use std::time::Duration;

use crate::adapters::BackplaneLimits;

/// Answers take a millisecond; two seconds without one are a fault, and still well within a lease.
const DEFAULT_COMMAND_TIMEOUT: Duration = Duration::from_secs(2);
/// Name lookup, TCP, TLS and login.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach Redis.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// `redis://[user:password@]host[:port][/database]`, or with the scheme
    /// `redis-sentinel` (`…?sentinelServiceName=name&node=host:port`) or
    /// `redis-cluster` (`…?node=host:port`). With `rediss…` over TLS.
    pub url: String,
    /// Certificates (PEM) of the authorities that sign the servers' ones; the system's when `None`.
    pub ca_file: Option<PathBuf>,
    /// What every key begins with, so that several deployments may share one Redis.
    pub prefix: String,
    /// How much is kept.
    pub limits: BackplaneLimits,
    /// After this time without an answer a call fails.
    pub command_timeout: Duration,
    /// After this time an attempt to connect fails.
    pub connect_timeout: Duration,
}

// === impl RedisConfig ===

impl RedisConfig {
    /// This URL, and the defaults for everything else.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ca_file: None,
            prefix: "hubbub:".into(),
            limits: BackplaneLimits::default(),
            command_timeout: DEFAULT_COMMAND_TIMEOUT,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        }
    }
}
