//! Removing a node life, step by step: each in one slot, each idempotent, the node's lease last, so
//! that whoever comes after an interruption finds the node still dead and does it all again.

use std::collections::HashSet;

use fred::interfaces::{ClientLike, HashesInterface, KeysInterface, SortedSetsInterface};
use fred::types::{ClusterHash, CustomCommand, Value};
use futures::future::try_join_all;

use super::RedisBackplane;
use super::reply::{Reply, to_error};
use super::script::{BEGIN_REAP, Call};
use super::session_record::parse_index_entry;
use crate::domain::{GroupId, NodeName, UserId};
use crate::ports::{BackplaneError, Partition, SessionRecord};

/// How long a reaped life is refused, in milliseconds: a day, longer than any process stays paused.
const REFUSED_FOR: u64 = 24 * 3600 * 1000;

/// Members that one step of a scan looks at.
const SCAN_COUNT: i64 = 500;

impl RedisBackplane {
    /// From now on this life is refused. False when its lease lives, unless it leaves by itself.
    pub(super) async fn begin_reap(&self, node: &NodeName, leaves: bool) -> Result<bool, BackplaneError> {
        let call = Call::keys([self.keys.node_leases(), self.keys.reaped()])
            .arg(node.as_str())
            .number(leaves.into())
            .number(REFUSED_FOR);
        Ok(BEGIN_REAP.run(&self.client, call).await?.number()? == 1)
    }

    pub(super) async fn remove_node(
        &self,
        node: &NodeName,
        partitions: Partition,
    ) -> Result<Vec<UserId>, BackplaneError> {
        let users = self.remove_sessions(node).await?;
        try_join_all((0..partitions).map(|partition| self.remove_routes(partition, node))).await?;
        self.delete(vec![self.keys.inbox(node), self.keys.full_inbox(node)]).await?;
        self.delete(vec![self.keys.sessions(node)]).await?;
        let record = self.client.hdel::<(), _, _>(self.keys.node_records(), node.as_str()).await;
        record.map_err(|error| to_error(&error))?;
        let lease = self.client.zrem::<(), _, _>(self.keys.node_leases(), node.as_str()).await;
        lease.map_err(|error| to_error(&error))?;
        Ok(users)
    }

    /// The index stays until all is done: who repeats this must answer the same users.
    async fn remove_sessions(&self, node: &NodeName) -> Result<Vec<UserId>, BackplaneError> {
        let mut users = HashSet::new();
        let mut cursor = Value::from("0");
        while let Some((next, entries)) = self.scan(self.keys.sessions(node), cursor).await? {
            let mut removals = Vec::with_capacity(entries.len());
            for entry in &entries {
                let (session, user) = entry.parsed(parse_index_entry)?;
                users.insert(user.clone());
                removals.push((user, SessionRecord { session, node: node.clone(), device: None }));
            }
            self.sessions.remove(&removals).await?;
            cursor = next;
        }
        Ok(users.into_iter().collect())
    }

    async fn remove_routes(&self, partition: Partition, node: &NodeName) -> Result<(), BackplaneError> {
        let index = self.keys.routed_groups(partition, node);
        let mut cursor = Value::from("0");
        while let Some((next, groups)) = self.scan(index.clone(), cursor).await? {
            let routes: Vec<String> = groups
                .iter()
                .map(|group| Ok(self.keys.routes(partition, &group.parsed(GroupId::parse)?)))
                .collect::<Result<_, BackplaneError>>()?;
            let removals = routes.into_iter().map(|key| self.client.hdel::<(), _, _>(key, node.as_str()));
            try_join_all(removals).await.map_err(|error| to_error(&error))?;
            cursor = next;
        }
        self.delete(vec![index]).await
    }

    /// One step through a set: its members and the next cursor; `None` at the end.
    async fn scan(&self, key: String, cursor: Value) -> Result<Option<(Value, Vec<Value>)>, BackplaneError> {
        if cursor.is_null() {
            return Ok(None);
        }
        let command = CustomCommand::new_static("SSCAN", ClusterHash::FirstKey, false);
        let arguments = vec![Value::from(key), cursor, Value::from("COUNT"), Value::from(SCAN_COUNT)];
        let answer: Result<Value, _> = self.client.custom(command, arguments).await;
        let [next, members] = answer.map_err(|error| to_error(&error))?.tuple()?;
        let next = if next.as_bytes() == Some(b"0") { Value::Null } else { next };
        Ok(Some((next, members.list()?)))
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), BackplaneError> {
        self.client.del::<(), _>(keys).await.map_err(|error| to_error(&error))
    }
}
