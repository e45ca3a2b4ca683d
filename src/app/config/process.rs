//! Settings of the process: where it keeps things, what it tells, how many threads it takes.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::NodeName;

/// Where what is shared and what must last is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageConfig {
    /// The directory of the embedded store and of a signing key made by the hub.
    pub data_dir: PathBuf,
    /// Redis: what nodes share. Without it, one node keeps it in memory.
    pub redis_url: Option<String>,
    /// Certificates (PEM) of the authorities that sign those of Redis; the system's when `None`.
    pub redis_ca_file: Option<PathBuf>,
    /// What every key in Redis begins with.
    pub redis_prefix: String,
    /// MongoDB: what must last. Without it, SQLite in the data directory.
    pub mongodb_url: Option<String>,
    /// The database there.
    pub mongodb_database: String,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// Which events, as in `info,hubbub_hub=debug`.
    pub filter: String,
    /// How lines look.
    pub format: LogFormat,
    /// Also write `combined.log`, `error.log` and `requests.log` here.
    pub directory: Option<PathBuf>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// The process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessConfig {
    /// Worker threads; as many as there are cores when unset.
    pub worker_threads: Option<usize>,
    /// How long Redis and MongoDB are waited for at the start; `None` for ever.
    pub start_timeout: Option<Duration>,
    /// The directory of the journal, where one is kept.
    pub journal: Option<PathBuf>,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            data_dir: "./data".into(),
            redis_url: None,
            redis_ca_file: None,
            redis_prefix: "hubbub:".into(),
            mongodb_url: None,
            mongodb_database: "hubbub".into(),
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".into(), format: LogFormat::Text, directory: None }
    }
}

// === impl StorageConfig ===

impl StorageConfig {
    /// Whether everything is inside this one process.
    pub fn is_embedded(&self) -> bool {
        self.redis_url.is_none() && self.mongodb_url.is_none()
    }
}

/// The host's name as far as it can name a node: under Kubernetes the pod's name, so that nodes
/// differ without being told.
pub(super) fn default_node_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = host.trim().chars().take(64).collect();
    if NodeName::parse(&name).is_ok() { name } else { "hub".into() }
}
