//! The deployment: what is recorded of it, and whether it answers.

use async_trait::async_trait;
use mongodb::bson::doc;
use mongodb::bson::raw::cstr;
use serde::Deserialize;

use super::MongoStore;
use super::commands::encode;
use super::documents::{VERSION, read};
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
            return Ok(self.begin_filling().await?);
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
