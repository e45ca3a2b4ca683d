//! The store that nodes share: MongoDB 6 or newer, as a replica set or sharded.
//!
//! - [`config`]: the settings, and how they become the driver's.
//! - `bulk`: many inserts or updates in one command, with one answer each.
//! - `documents`: what stands in the collections, with versions; `state_documents`: what became of messages.
//! - `messages`, `groups`, `users`, `profiles`, `accounts`, `cursors`, `devices`: the operations of each part of the port.
//! - `search`: users by their usernames; `words`: by words of their names.
//! - `effects`: what events made of others; `reactions`: who reacts to them; `replies`: what replies to them; `mentions`: whom they mention.
//! - `followers`, `due`: how far followers have come, and what is due later.
//! - `deletions`: how a group ends, and begins anew.
//! - `deployment`: what is recorded for the deployment, and ping; `leases`; `indexes`: made by one node at a time.
//! - `topology`: what the server is; `commands`, `filters`, `errors`: what is asked of it, and what a failure means.
//!
//! Every operation is one that MongoDB makes atomic by itself: there are no transactions, and what
//! touches several documents may be repeated. Hot paths read by `_id`.

mod accounts;
mod bulk;
mod commands;
mod config;
mod cursors;
mod deletions;
mod deployment;
mod devices;
mod documents;
mod due;
mod effects;
mod errors;
mod filters;
mod followers;
mod group_document;
mod groups;
mod indexes;
mod invites;
mod leases;
mod mentions;
mod messages;
mod profiles;
mod reactions;
mod replies;
mod search;
mod settings;
mod state_documents;
mod topology;
mod users;
mod words;

use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use mongodb::{Client, Collection, Database};
use serde::Serialize;

pub use config::MongoConfig;

use crate::ports::{StartError, StoreError};
use commands::{bounded, encode};
use errors::is_duplicate;

/// A store in MongoDB. Made to be shared behind an `Arc`.
#[derive(Clone)]
pub struct MongoStore {
    client: Client,
    db: Database,
    users: Collection<RawDocumentBuf>,
    profiles: Collection<RawDocumentBuf>,
    words: Collection<RawDocumentBuf>,
    accounts: Collection<RawDocumentBuf>,
    groups: Collection<RawDocumentBuf>,
    messages: Collection<RawDocumentBuf>,
    cursors: Collection<RawDocumentBuf>,
    devices: Collection<RawDocumentBuf>,
    pins: Collection<RawDocumentBuf>,
    reactions: Collection<RawDocumentBuf>,
    replies: Collection<RawDocumentBuf>,
    mentions: Collection<RawDocumentBuf>,
    edits: Collection<RawDocumentBuf>,
    followers: Collection<RawDocumentBuf>,
    covered: Collection<RawDocumentBuf>,
    due: Collection<RawDocumentBuf>,
    invites: Collection<RawDocumentBuf>,
    meta: Collection<RawDocumentBuf>,
    /// Whether a router answers: then messages are asked for with their shard key.
    sharded: bool,
    /// How long an operation may take before its outcome counts as unknown.
    timeout: Duration,
    /// What each write asks for: majority, journaled, in less time than `timeout`.
    write_concern: Document,
}

// === impl MongoStore ===

impl MongoStore {
    /// Connects and looks at the server.
    ///
    /// # Errors
    /// It is out of reach, or nothing that can be used.
    pub async fn connect(config: &MongoConfig) -> Result<Self, StartError> {
        let options = config.client_options().await?;
        let hosts: Vec<String> = options.hosts.iter().map(ToString::to_string).collect();
        let client = Client::with_options(options).map_err(|error| StartError::Never(error.kind.to_string()))?;
        let sharded = topology::inspect(&client, config.operation_timeout)
            .await
            .map_err(|error| error.map(|why| format!("MongoDB at {}: {why}", hosts.join(","))))?;
        let db = client.database(&config.database);
        Ok(Self {
            users: db.collection("users"),
            profiles: db.collection("profiles"),
            words: db.collection("words"),
            accounts: db.collection("accounts"),
            groups: db.collection("groups"),
            messages: db.collection("messages"),
            cursors: db.collection("cursors"),
            devices: db.collection("devices"),
            pins: db.collection("pins"),
            reactions: db.collection("reactions"),
            replies: db.collection("replies"),
            mentions: db.collection("mentions"),
            edits: db.collection("edits"),
            followers: db.collection("followers"),
            covered: db.collection("covered"),
            due: db.collection("due"),
            invites: db.collection("invites"),
            meta: db.collection("meta"),
            sharded,
            timeout: config.operation_timeout,
            write_concern: config.write_concern_document(),
            client,
            db,
        })
    }

    /// Waits for an operation, but never longer than an operation may take.
    async fn within<T>(&self, operation: impl IntoFuture<Output = mongodb::error::Result<T>>) -> Result<T, StoreError> {
        bounded(self.timeout, operation.into_future()).await
    }

    async fn find_one(
        &self,
        collection: &Collection<RawDocumentBuf>,
        filter: Document,
    ) -> Result<Option<RawDocumentBuf>, StoreError> {
        self.within(collection.find_one(filter)).await
    }

    /// Inserts one document; false when its id is taken.
    async fn insert_new(
        &self,
        collection: &Collection<RawDocumentBuf>,
        document: &impl Serialize,
    ) -> Result<bool, StoreError> {
        let document = encode(document)?;
        self.within(async {
            match collection.insert_one(document).await {
                Ok(_) => Ok(true),
                Err(error) if is_duplicate(&error) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Finds a page in one round trip.
    async fn find(
        &self,
        collection: &Collection<RawDocumentBuf>,
        filter: Document,
        sort: Document,
        skip: u64,
        limit: usize,
    ) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        if limit == 0 || skip > u64::from(u32::MAX) {
            return Ok(Vec::new());
        }
        // One more than asked for, so that the server need not keep a cursor.
        let batch = limit.saturating_add(1).min(MAX_BATCH);
        // Whoever asked has gone after this time; nor need the server look any further.
        let find = collection
            .find(filter)
            .sort(sort)
            .skip(skip)
            .limit(i64::from(limit))
            .batch_size(batch)
            .max_time(self.timeout);
        self.within(async move { find.await?.try_collect().await }).await
    }

    /// The documents with these ids, in whatever order; asked for in slices.
    async fn find_by_ids<'a>(
        &self,
        collection: &Collection<RawDocumentBuf>,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let ids: Vec<&str> = ids.collect();
        let mut found = Vec::with_capacity(ids.len());
        for slice in ids.chunks(IDS_AT_ONCE) {
            let find = collection.find(by_ids(slice)).batch_size(IDS_AT_ONCE as u32 + 1);
            let documents: Vec<RawDocumentBuf> = self.within(async move { find.await?.try_collect().await }).await?;
            found.extend(documents);
        }
        Ok(found)
    }

    /// Updates the documents with these ids, in slices; answers how many there were. Must be an
    /// update that may be repeated.
    async fn update_by_ids(
        &self,
        collection: &Collection<RawDocumentBuf>,
        ids: &[&str],
        update: &Document,
    ) -> Result<u64, StoreError> {
        let mut matched = 0;
        for slice in ids.chunks(IDS_AT_ONCE) {
            let update = collection.update_many(by_ids(slice), update.clone());
            matched += self.within(update).await?.matched_count;
        }
        Ok(matched)
    }
}

/// A filter for the documents with these ids.
fn by_ids(ids: &[&str]) -> Document {
    match ids {
        [one] => doc! { "_id": *one },
        many => doc! { "_id": { "$in": many } },
    }
}

/// Documents in one reply at most; longer pages take further replies.
const MAX_BATCH: u32 = 1_000;

/// Ids in one query at most: enough to make few round trips, and each a short one.
const IDS_AT_ONCE: usize = 250;
