//! [`Cluster`] in Redis.

use std::time::Duration;

use async_trait::async_trait;
use fred::interfaces::{ClientLike, ClusterInterface, HashesInterface, KeysInterface, SortedSetsInterface};
use fred::types::config::{Options, Server};
use fred::types::{ClusterHash, CustomCommand, Value};

use super::RedisBackplane;
use super::reply::{Reply, node_names, to_error};
use super::script::{BEAT, Call, HOLD_PARTITION, NEXT_EPOCH, RELEASE_PARTITION};
use crate::domain::{Millis, NodeName, UserId};
use crate::ports::{BackplaneError, Beat, Cluster, LeaseToken, NodeRecord, Partition, StartError};

/// The oldest version that has all that the scripts use.
const OLDEST_VERSION: (u64, u64) = (7, 0);

#[async_trait]
impl Cluster for RedisBackplane {
    async fn beat(&self, record: &NodeRecord, lease: Duration) -> Result<Beat, BackplaneError> {
        let text = serde_json::to_string(record).map_err(|error| BackplaneError::Unexpected(error.to_string()))?;
        let keys = [self.keys.node_records(), self.keys.node_leases(), self.keys.reaped(), self.keys.meta()];
        let call = Call::keys(keys).arg(record.node.as_str()).arg(text).number(lease.as_millis() as u64);
        let [renewed, uptime, live, dead] = BEAT.run(&self.client, call).await?.tuple()?;
        Ok(Beat {
            renewed: renewed.number()? == 1,
            live: live
                .list()?
                .iter()
                .map(|record| record.parsed(|text| serde_json::from_str(text)))
                .collect::<Result<_, _>>()?,
            dead: node_names(dead)?,
            uptime: uptime.number()?,
        })
    }

    async fn next_epoch(&self, base: &str, at_least: u64) -> Result<u64, BackplaneError> {
        let call = Call::keys([self.keys.epochs()]).arg(base).number(at_least);
        NEXT_EPOCH.run(&self.client, call).await?.number()
    }

    async fn hold_partition(
        &self,
        partition: Partition,
        owner: &NodeName,
        token: &LeaseToken,
        lease: Duration,
    ) -> Result<bool, BackplaneError> {
        let call = Call::keys([self.keys.lease(partition), self.keys.log(partition)])
            .arg(owner.as_str())
            .arg(token.0.as_str())
            .number(lease.as_millis().max(1) as u64);
        Ok(HOLD_PARTITION.run(&self.client, call).await?.number()? == 1)
    }

    async fn release_partition(&self, partition: Partition, token: &LeaseToken) -> Result<(), BackplaneError> {
        let call = Call::keys([self.keys.lease(partition)]).arg(token.0.as_str());
        RELEASE_PARTITION.run(&self.client, call).await.map(|_| ())
    }

    async fn partition_owner(&self, partition: Partition) -> Result<Option<NodeName>, BackplaneError> {
        let lease: Option<String> =
            self.client.get(self.keys.lease(partition)).await.map_err(|error| to_error(&error))?;
        // The lease's value is "<owner> <token>".
        let owner = lease.as_deref().and_then(|lease| lease.split(' ').next());
        owner.map(|owner| Value::from(owner).parsed(NodeName::parse)).transpose()
    }

    async fn reap(&self, node: &NodeName, partitions: Partition) -> Result<Vec<UserId>, BackplaneError> {
        if !self.begin_reap(node, false).await? {
            return Ok(Vec::new());
        }
        self.remove_node(node, partitions).await
    }

    async fn leave(&self, node: &NodeName, partitions: Partition) -> Result<(), BackplaneError> {
        self.begin_reap(node, true).await?;
        self.remove_node(node, partitions).await.map(|_| ())
    }

    async fn check(&self, partitions: Partition) -> Result<(), StartError> {
        let mut now = 0;
        for server in self.masters() {
            let info = self.info(server).await?;
            now = server_time(&info).max(now);
            check_version(&info)?;
            check_eviction(&info)?;
        }
        self.check_layout_before(now).await?;
        self.check_partitions(partitions).await
    }

    async fn ping(&self) -> Result<(), BackplaneError> {
        // A key of the hub's own: in a Cluster, of the master that carries the leases.
        self.client.exists::<(), _>(self.keys.meta()).await.map_err(|error| to_error(&error))
    }
}

impl RedisBackplane {
    /// The servers to look at one by one; `None` for the only one.
    fn masters(&self) -> Vec<Option<Server>> {
        match self.client.cached_cluster_state() {
            Some(state) => state.unique_primary_nodes().into_iter().map(Some).collect(),
            None => vec![None],
        }
    }

    async fn info(&self, server: Option<Server>) -> Result<String, BackplaneError> {
        let options = Options { cluster_node: server, ..Options::default() };
        let command = CustomCommand::new_static("INFO", ClusterHash::Random, false);
        let answer: Result<String, _> = self.client.with_options(&options).custom(command, Vec::<Value>::new()).await;
        answer.map_err(|error| to_error(&error))
    }

    /// Nodes of the layout before and of this one own the same groups apart from each other: neither starts beside the
    /// other. Such a node reads a number of partitions that it cannot have, and says so.
    async fn check_layout_before(&self, now: Millis) -> Result<(), StartError> {
        let [leases, meta] = self.keys.leases_and_meta_before();
        let found = async {
            let live: u64 = self.client.zcount(leases, now as f64, f64::INFINITY).await?;
            if live == 0 {
                self.client.hset::<(), _, _>(meta, ("partitions", 0)).await?;
            }
            Ok::<_, fred::error::Error>(live)
        };
        match found.await.map_err(|error| to_error(&error))? {
            0 => Ok(()),
            live => Err(StartError::Never(format!(
                "nodes of an unreleased hubbub (from before 0.1.0) are live in this Redis, {live} of them, and cannot work \
                 beside this one: stop them first"
            ))),
        }
    }

    /// The number is recorded by the first node ever; all others must agree.
    async fn check_partitions(&self, partitions: Partition) -> Result<(), StartError> {
        let meta = self.keys.meta();
        let recorded = async {
            self.client.hsetnx::<(), _, _, _>(meta.as_str(), "partitions", i64::from(partitions)).await?;
            self.client.hget::<u64, _, _>(meta.as_str(), "partitions").await
        };
        let recorded = recorded.await.map_err(|error| to_error(&error))?;
        if recorded == u64::from(partitions) {
            return Ok(());
        }
        Err(StartError::Never(format!(
            "this node is set to {partitions} partitions, but Redis is in use with {recorded}: \
             set the same number on every node; it cannot change in the life of a deployment"
        )))
    }
}

fn info_field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
}

/// The server's own time; 0 when it does not say.
fn server_time(info: &str) -> Millis {
    let microseconds = info_field(info, "server_time_usec").and_then(|time| time.parse::<Millis>().ok());
    microseconds.unwrap_or_default() / 1_000
}

fn check_version(info: &str) -> Result<(), StartError> {
    let version = info_field(info, "redis_version").unwrap_or("of an unknown version");
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0_u64));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found >= OLDEST_VERSION {
        return Ok(());
    }
    Err(StartError::Never(format!("Redis 7.0 or newer is needed, this one is {version}: upgrade it")))
}

fn check_eviction(info: &str) -> Result<(), StartError> {
    match info_field(info, "maxmemory_policy") {
        None | Some("noeviction") => Ok(()),
        Some(policy) => Err(StartError::Never(format!(
            "Redis would throw away what the hub needs (maxmemory-policy is {policy}): \
             set maxmemory-policy to noeviction"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_policies_are_told_apart() {
        let info = |version: &str, policy: &str| {
            format!("# Server\r\nredis_version:{version}\r\n# Memory\r\nmaxmemory_policy:{policy}\r\n")
        };
        assert!(check_version(&info("7.0.15", "noeviction")).is_ok());
        assert!(check_version(&info("8.2", "noeviction")).is_ok());
        assert!(check_version(&info("6.2.14", "noeviction")).unwrap_err().to_string().contains("6.2.14"));
        assert!(check_version("").is_err());
        assert!(check_eviction(&info("7.0.15", "noeviction")).is_ok());
        assert!(check_eviction(&info("7.0.15", "allkeys-lru")).unwrap_err().to_string().contains("allkeys-lru"));
    }
}
