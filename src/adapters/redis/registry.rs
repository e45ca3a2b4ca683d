//! [`Registry`] in Redis.

use async_trait::async_trait;
use fred::interfaces::HashesInterface;
use fred::types::Value;
use futures::future::try_join_all;

use super::RedisBackplane;
use super::reply::{Reply, head, node_names, to_error};
use super::script::{Call, JOIN_ROUTES, LEAVE_ROUTE};
use super::session_record::session_record;
use crate::domain::{GroupId, Millis, NodeName, UserId};
use crate::ports::{BackplaneError, Joined, Partition, PresenceChange, Registry, SessionRecord, UserPresence};

/// Routes that one script adds.
const ROUTES_CHUNK: usize = 256;

impl RedisBackplane {
    async fn whereabouts_of(&self, user: &UserId) -> Result<UserPresence, BackplaneError> {
        let answer: Result<Value, _> = self.client.hgetall(self.keys.user(user)).await;
        whereabouts(answer.map_err(|error| to_error(&error))?)
    }

    async fn join_some(
        &self,
        partition: Partition,
        groups: &[GroupId],
        node: &NodeName,
        generation: u64,
    ) -> Result<Vec<Joined>, BackplaneError> {
        let mut call = Call::keys([self.keys.routed_groups(partition, node)]).arg(node.as_str()).number(generation);
        for group in groups {
            call.push_key(self.keys.routes(partition, group));
            call.push_key(self.keys.group(partition, group));
            call.push_key(self.keys.recent(partition, group));
            call.push(group.as_str());
        }
        JOIN_ROUTES.run(&self.client, call).await?.list()?.into_iter().map(joined).collect()
    }
}

#[async_trait]
impl Registry for RedisBackplane {
    async fn register(&self, user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError> {
        self.sessions.register((user.clone(), record.clone())).await
    }

    async fn unregister(&self, user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError> {
        self.sessions.unregister((user.clone(), record.clone())).await
    }

    async fn whereabouts(&self, users: &[UserId]) -> Result<Vec<UserPresence>, BackplaneError> {
        try_join_all(users.iter().map(|user| self.whereabouts_of(user))).await
    }

    async fn join_routes(
        &self,
        partition: Partition,
        groups: &[GroupId],
        node: &NodeName,
        generation: u64,
    ) -> Result<Vec<Joined>, BackplaneError> {
        let chunks = groups.chunks(ROUTES_CHUNK).map(|chunk| self.join_some(partition, chunk, node, generation));
        Ok(try_join_all(chunks).await?.into_iter().flatten().collect())
    }

    async fn leave_route(
        &self,
        partition: Partition,
        group: &GroupId,
        node: &NodeName,
        generation: u64,
    ) -> Result<(), BackplaneError> {
        let keys = [self.keys.routes(partition, group), self.keys.routed_groups(partition, node)];
        let call = Call::keys(keys).arg(node.as_str()).number(generation).arg(group.as_str());
        LEAVE_ROUTE.run(&self.client, call).await.map(|_| ())
    }

    async fn routes(&self, partition: Partition, group: &GroupId) -> Result<Vec<NodeName>, BackplaneError> {
        let nodes: Result<Value, _> = self.client.hkeys(self.keys.routes(partition, group)).await;
        node_names(nodes.map_err(|error| to_error(&error))?)
    }
}

/// The fields of a user's hash: `v`ersion, last seen at `t`, `s:<session>` = node, and `d:<session>` = device of those
/// that have one.
fn whereabouts(value: Value) -> Result<UserPresence, BackplaneError> {
    let mut found = UserPresence::default();
    let fields = value.into_map().map_err(|error| to_error(&error))?;
    for (name, value) in fields.iter() {
        match name.as_str() {
            Some("v") => found.version = value.number()?,
            Some("t") => found.last_seen = value.number()? as Millis,
            Some(other) => {
                if let Some(session) = other.strip_prefix("s:") {
                    let device = fields.get(&format!("d:{session}").into());
                    found.sessions.push(session_record(&session.into(), value, device)?);
                }
            }
            None => {}
        }
    }
    Ok(found)
}

fn joined(value: Value) -> Result<Joined, BackplaneError> {
    let mut values = value.list()?;
    let last = if values.len() == 5 { values.pop() } else { None };
    if values.is_empty() {
        return Ok(Joined::default());
    }
    let last = last.and_then(Reply::present).map(Reply::bytes).transpose()?;
    Ok(Joined { head: Some(head(&values)?), last })
}
