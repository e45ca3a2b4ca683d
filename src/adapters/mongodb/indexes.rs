//! Indexes are made by one node at a time, and no node runs before those are there that its version reads by: what is
//! new in a version, and needs a new index, is therefore off until that is made, since no node that knows it is up.

use mongodb::bson::{Document, RawDocumentBuf, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};

use super::MongoStore;
use crate::domain::random_token;
use crate::ports::{StartError, StoreError};

/// The document in `meta` that whoever makes indexes holds.
const LEASE: &str = "indexes";
/// Longer than a try to start takes. A server that is slower goes on with an index by itself, and whoever asks next
/// waits for the same one.
const LEASE_MS: u64 = 20_000;
/// A collection that does not exist yet has no indexes.
const NAMESPACE_NOT_FOUND: i32 = 26;

/// An index that this version reads by.
struct Index<'a> {
    collection: &'a Collection<RawDocumentBuf>,
    keys: Document,
    unique: bool,
}

// === impl Index ===

impl Index<'_> {
    /// The name that MongoDB itself would give.
    fn name(&self) -> String {
        let parts: Vec<_> = self.keys.iter().map(|(field, order)| format!("{field}_{order}")).collect();
        parts.join("_")
    }

    fn model(&self) -> IndexModel {
        let options = IndexOptions::builder().name(self.name()).unique(self.unique.then_some(true)).build();
        IndexModel::builder().keys(self.keys.clone()).options(options).build()
    }
}

// === impl MongoStore ===

impl MongoStore {
    fn indexes(&self) -> [Index<'_>; 9] {
        [
            Index { collection: &self.messages, keys: doc! { "group": 1, "from": 1, "cid": 1 }, unique: true },
            Index { collection: &self.messages, keys: doc! { "group": 1, "place": -1 }, unique: false },
            Index { collection: &self.users, keys: doc! { "search": 1, "username": 1, "_id": 1 }, unique: false },
            Index { collection: &self.users, keys: doc! { "words": 1, "_id": 1 }, unique: false },
            Index { collection: &self.devices, keys: doc! { "user": 1, "seen": -1 }, unique: false },
            Index { collection: &self.due, keys: doc! { "follower": 1, "at": 1 }, unique: false },
            Index { collection: &self.due, keys: doc! { "group": 1 }, unique: false },
            Index { collection: &self.mentions, keys: doc! { "user": 1 }, unique: false },
            Index { collection: &self.invites, keys: doc! { "group": 1 }, unique: false },
        ]
    }

    /// Makes the indexes that are missing, under a lease.
    ///
    /// # Errors
    /// `NotYet` while somebody else makes them, or the server does not answer.
    pub(super) async fn make_indexes(&self) -> Result<(), StartError> {
        if self.missing_indexes().await?.is_empty() {
            return Ok(());
        }
        let holder = random_token();
        if !self.hold_lease(LEASE, &holder, LEASE_MS).await? {
            return Err(StartError::NotYet("another node is making them".into()));
        }
        let made = self.make_missing().await;
        // Nobody is to wait for it any longer. What is not given back ends by itself.
        if let Err(error) = self.within(self.meta.delete_one(doc! { "_id": LEASE, "node": &holder })).await {
            tracing::debug!(%error, "the lease of whoever makes indexes was not given back");
        }
        Ok(made?)
    }

    async fn make_missing(&self) -> Result<(), StoreError> {
        for index in self.missing_indexes().await? {
            let (collection, name) = (index.collection.name(), index.name());
            tracing::info!(collection, name, "making an index");
            self.within(index.collection.create_index(index.model())).await?;
        }
        Ok(())
    }

    async fn missing_indexes(&self) -> Result<Vec<Index<'_>>, StoreError> {
        let mut missing = Vec::new();
        for collection in [&self.messages, &self.users, &self.devices, &self.due, &self.mentions, &self.invites] {
            let there = self.index_names(collection).await?;
            let of_it = self.indexes().into_iter().filter(|index| index.collection.name() == collection.name());
            missing.extend(of_it.filter(|index| !there.contains(&index.name())));
        }
        Ok(missing)
    }

    async fn index_names(&self, collection: &Collection<RawDocumentBuf>) -> Result<Vec<String>, StoreError> {
        self.within(async {
            match collection.list_index_names().await {
                Err(error) if is_no_collection(&error) => Ok(Vec::new()),
                answer => answer,
            }
        })
        .await
    }
}

fn is_no_collection(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::Command(failure) if failure.code == NAMESPACE_NOT_FOUND)
}
