//! Leases: what one node alone may do for a time.

use mongodb::bson::doc;
use serde::Deserialize;

use super::MongoStore;
use super::commands::bounded;
use super::documents::{VERSION, int, read};
use crate::domain::Millis;
use crate::ports::StoreError;

#[derive(Deserialize)]
struct LeaseDocument {
    node: String,
    until: i64,
}

// === impl MongoStore ===

impl MongoStore {
    /// Takes or renews a lease in `meta`, by the server's clock, so that the clocks of nodes do not matter; false while
    /// another holds it.
    pub(super) async fn hold_lease(&self, id: &str, node: &str, lease_ms: u64) -> Result<bool, StoreError> {
        let now = self.now().await?;
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

    /// The server's time.
    pub(super) async fn now(&self) -> Result<Millis, StoreError> {
        let hello = async { self.client.database("admin").run_command(doc! { "hello": 1 }).await };
        let time = bounded(self.timeout, hello).await?.get_datetime("localTime").map(|time| time.timestamp_millis());
        time.map_err(|error| StoreError::Refused(error.to_string()))
    }
}
