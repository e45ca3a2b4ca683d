//! A Cluster's masters, watched: one that falls silent must not hold up the others.
//!
//! A client that has lost its connection to one master makes it anew before it serves any other. So the connection that
//! carries all calls is not closed for silence in a Cluster: calls to that master fail, each by itself. Only when another has
//! taken its place is the client told to look who serves what; and when it answers others, so that it is the connection that
//! swallows what is sent, to connect anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::{ClientLike, ClusterInterface};
use fred::types::config::{Options, Server};
use fred::types::{ClusterHash, CustomCommand, Value};
use futures::future::join_all;
use tokio::task::JoinHandle;

use super::client::Connector;

/// How often each master is asked for a sign of life.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// After so many questions without an answer a connection may be to blame.
const PATIENCE: u32 = 3;

/// Ends with its owner.
pub(super) struct Watch(JoinHandle<()>);

// === impl Watch ===

impl Watch {
    /// Watches the masters that a client of a Cluster knows.
    pub(super) fn begin(client: Client, connector: Arc<Connector>) -> Self {
        Self(tokio::spawn(run(client, connector)))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(client: Client, connector: Arc<Connector>) {
    let mut silences: HashMap<Server, u32> = HashMap::new();
    let mut tick = tokio::time::interval(ASK_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(state) = client.cached_cluster_state() else { continue };
        let masters = state.unique_primary_nodes();
        let answers = join_all(masters.iter().map(|master| slots_of(&client, master))).await;
        let silent = || masters.iter().zip(&answers).filter(|(_, answer)| answer.is_none()).map(|(master, _)| master);
        silences.retain(|master, _| silent().any(|silent| silent == master));
        for master in silent() {
            let times = silences.entry(master.clone()).or_default();
            *times += 1;
            if *times >= PATIENCE && connector.is_answered_by(master).await {
                silences.clear();
                tracing::warn!(server = %master, "a master of the cluster answers, but not on this connection; connecting anew");
                if let Err(error) = client.force_reconnection().await {
                    tracing::warn!(%error, "connecting anew");
                }
                break;
            }
        }
        if silent().any(|master| answers.iter().flatten().any(|slots| !names(slots, master))) {
            tracing::info!("a silent master of the cluster was replaced");
            if let Err(error) = client.sync_cluster().await {
                tracing::warn!(%error, "who serves what in the cluster is not known");
            }
        }
    }
}

/// Who serves which slots, as a master sees it; `None` when it does not say.
async fn slots_of(client: &Client, master: &Server) -> Option<Value> {
    let options = Options { cluster_node: Some(master.clone()), ..Options::default() };
    let command = CustomCommand::new_static("CLUSTER", ClusterHash::Random, false);
    client.with_options(&options).custom(command, vec!["SLOTS"]).await.ok()
}

/// Whether a server is a master by this answer: one of its ranges is `[first, last, [host, port, …], replicas …]`.
fn names(slots: &Value, server: &Server) -> bool {
    let Value::Array(ranges) = slots else { return true };
    ranges.iter().any(|range| {
        let Value::Array(range) = range else { return false };
        let Some(Value::Array(master)) = range.get(2) else { return false };
        let host = master.first().and_then(Value::as_string);
        let port = master.get(1).and_then(Value::as_u64);
        host.as_deref() == Some(&*server.host) && port == Some(u64::from(server.port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(host: &str, port: i64) -> Value {
        let node = |port: i64| Value::Array(vec![Value::from(host), Value::from(port), Value::from("id")]);
        Value::Array(vec![Value::from(0), Value::from(9), node(port), node(port + 10)])
    }

    #[test]
    fn a_master_is_told_from_a_replica_and_from_a_stranger() {
        let slots = Value::Array(vec![range("10.0.0.1", 1), range("10.0.0.2", 2)]);
        assert!(names(&slots, &Server::new("10.0.0.2", 2)));
        assert!(!names(&slots, &Server::new("10.0.0.2", 1)));
        assert!(!names(&slots, &Server::new("10.0.0.1", 11)));
        assert!(names(&Value::Null, &Server::new("10.0.0.3", 3)), "who says nothing names nobody as replaced");
    }
}
