//! What the server is: a router, a replica set, or one alone.

use std::time::Duration;

use mongodb::Client;
use mongodb::bson::doc;

use super::commands::{no_answer, number};
use super::errors::not_started;
use crate::ports::StartError;

/// The oldest supported wire protocol: MongoDB 6.0's. FerretDB says so too.
const OLDEST_WIRE_VERSION: i32 = 17;

/// Looks at the server: whether it is a router.
pub(super) async fn inspect(client: &Client, timeout: Duration) -> Result<bool, StartError> {
    let command = async { client.database("admin").run_command(doc! { "hello": 1 }).await };
    let hello = tokio::time::timeout(timeout, command).await;
    let hello = hello.map_err(|_| no_answer(timeout))?.map_err(not_started)?;
    if number(&hello, "maxWireVersion").unwrap_or_default() < OLDEST_WIRE_VERSION {
        return Err(StartError::Never("it is older than MongoDB 6.0; use a newer one".into()));
    }
    let sharded = hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid");
    if !sharded && !hello.contains_key("setName") {
        tracing::warn!("MongoDB is neither a replica set nor sharded: what is acked is on one disk only");
    }
    Ok(sharded)
}
