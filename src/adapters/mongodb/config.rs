//! Settings of the MongoDB store.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern};

use super::errors::not_started;
use crate::ports::StartError;

/// Where MongoDB is and how long to wait for it.
#[derive(Clone)]
pub struct MongoConfig {
    /// Connection string (`mongodb://…` or `mongodb+srv://…`). Concerns and read preference in it
    /// are not heeded: the hub always writes and reads with majority, from the primary.
    pub url: String,
    /// Name of the database.
    pub database: String,
    /// How long to look for a primary and to connect, before an operation fails.
    pub connect_timeout: Duration,
    /// How long an operation may take before its outcome counts as unknown.
    pub operation_timeout: Duration,
    /// Connections at most.
    pub pool_size: u32,
}

/// Short enough that senders hear `unavailable` instead of waiting through an outage; an election
/// takes longer and is waited out by repeating.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A healthy majority write takes milliseconds; what takes this long will be asked for again.
const DEFAULT_OPERATION_TIMEOUT: Duration = Duration::from_secs(5);

/// Bulk inserts need few; pages for resuming clients want more at once. MongoDB keeps a thread
/// for each.
const DEFAULT_POOL_SIZE: u32 = 64;

/// Connections that may be opened at the same moment, after a start or an outage.
const CONNECTING_AT_ONCE: u32 = 8;

// === impl MongoConfig ===

impl MongoConfig {
    /// The defaults, for a server at `url`.
    pub fn new(url: impl Into<String>, database: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            database: database.into(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            operation_timeout: DEFAULT_OPERATION_TIMEOUT,
            pool_size: DEFAULT_POOL_SIZE,
        }
    }

    pub(super) async fn client_options(&self) -> Result<ClientOptions, StartError> {
        let unusable = |error| not_started(error).map(|why| format!("the MongoDB URL is not usable: {why}"));
        let mut options = ClientOptions::parse(&self.url).await.map_err(unusable)?;
        options.app_name.get_or_insert_with(|| "hubbub".into());
        options.connect_timeout.get_or_insert(self.connect_timeout);
        options.server_selection_timeout.get_or_insert(self.connect_timeout);
        options.max_pool_size.get_or_insert(self.pool_size);
        options.max_connecting.get_or_insert(CONNECTING_AT_ONCE);
        options.write_concern = Some(self.write_concern());
        options.read_concern = Some(ReadConcern::majority());
        options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
        Ok(options)
    }

    /// The server gives up on a majority before the hub gives up on the server, so that the answer
    /// still says what was refused and what collided.
    fn majority_timeout(&self) -> Duration {
        self.operation_timeout * 4 / 5
    }

    /// Journaled as well: a standalone server, and a replica set told so, would otherwise answer
    /// before a write survives a kill.
    fn write_concern(&self) -> WriteConcern {
        WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(self.majority_timeout()).build()
    }

    pub(super) fn write_concern_document(&self) -> Document {
        let timeout = i64::try_from(self.majority_timeout().as_millis()).unwrap_or(i64::MAX);
        doc! { "w": "majority", "j": true, "wtimeout": timeout }
    }
}

/// Without the URL, which may hold a password.
impl std::fmt::Debug for MongoConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoConfig").field("database", &self.database).finish_non_exhaustive()
    }
}
