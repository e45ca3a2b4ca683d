//! The deployment: what is recorded, ping and leases.

use std::time::Duration;

use async_trait::async_trait;
use mongodb::Client;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, doc};
use serde::Deserialize;

use super::MongoStore;
use super::commands::{bounded, encode};
use super::documents::{VERSION, int, read};
use crate::ports::{StartError, Store, StoreError, StoreHealth};

/// The form of messages that this software writes: with `shown`, `place` and `traits`.
const FORM: i32 = 2;

#[derive(Deserialize)]
struct DeploymentDocument {
    partitions: i64,
    /// The form of messages; absent before there was more than one.
    #[serde(default)]
    form: i32,
}

#[derive(Deserialize)]
struct LeaseDocument {
    node: String,
    until: i64,
}

async fn hello(client: &Client, timeout: Duration) -> Result<Document, StoreError> {
    bounded(timeout, async { client.database("admin").run_command(doc! { "hello": 1 }).await }).await
}

#[async_trait]
impl StoreHealth for MongoStore {
    async fn ping(&self) -> Result<(), StoreError> {
        let count = doc! { "$inc": { "count": 1_i64 }, "$setOnInsert": { "v": VERSION } };
        let statement = encode(&doc! { "q": { "_id": "ping" }, "u": count, "upsert": true })?;
        self.update_all(cstr!("meta"), vec![statement]).await
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn prepare(&self, partitions: u16) -> Result<(), StartError> {
        self.make_indexes().await.map_err(|error| error.map(|why| format!("the indexes are not there yet: {why}")))?;
        let recorded = self.record(partitions).await?;
        if recorded.form < FORM {
            return Err(StartError::Never(format!(
                "the database {} holds messages in a form that was never released and that this hubbub does not read: \
                 give it an empty database",
                self.db.name()
            )));
        }
        let recorded = recorded.partitions;
        if recorded == i64::from(partitions) {
            return Ok(());
        }
        Err(StartError::Never(format!(
            "the database {} was made with {recorded} partitions, the configuration says \
             {partitions}: set it to {recorded}, the number is fixed once there are messages",
            self.db.name()
        )))
    }

    async fn hold_single_node_lease(&self, node: &str, lease_ms: u64) -> Result<bool, StoreError> {
        self.hold_lease("single_node", node, lease_ms).await
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Takes or renews a lease in `meta`, by the server's clock, so that the clocks of nodes do not matter; false while
    /// another holds it.
    pub(super) async fn hold_lease(&self, id: &str, node: &str, lease_ms: u64) -> Result<bool, StoreError> {
        let now = hello(&self.client, self.timeout).await?;
        let now = now.get_datetime("localTime").map(|time| time.timestamp_millis());
        let now = now.map_err(|error| StoreError::Refused(error.to_string()))?;
        let until = now.saturating_add(int(lease_ms));
        let lease = doc! { "_id": id, "node": node, "until": until, "v": VERSION };
        let Some(held) = self.find_one(&self.meta, doc! { "_id": id }).await? else {
            return self.insert_new(&self.meta, &lease).await;
        };
        let held: LeaseDocument = read(&held)?;
        if held.node != node && held.until > now {
            return Ok(false);
        }
        let as_read = doc! { "_id": id, "node": held.node, "until": held.until };
        let renew = doc! { "$set": { "node": node, "until": until } };
        Ok(self.within(self.meta.update_one(as_read, renew)).await?.matched_count > 0)
    }

    /// Records the number of partitions the first time; answers what is recorded.
    async fn record(&self, partitions: u16) -> Result<DeploymentDocument, StoreError> {
        let partitions = i64::from(partitions);
        let record = doc! { "_id": "deployment", "partitions": partitions, "form": FORM, "v": VERSION };
        if self.insert_new(&self.meta, &record).await? {
            return Ok(DeploymentDocument { partitions, form: FORM });
        }
        let recorded = self.find_one(&self.meta, doc! { "_id": "deployment" }).await?;
        match recorded {
            Some(document) => read(&document),
            None => Err(StoreError::Unreachable("the record is not visible yet".into())),
        }
    }
}
