//! [`GroupStates`] in Redis.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fred::interfaces::{HashesInterface, KeysInterface, SetsInterface};
use fred::types::Value;
use futures::future::try_join_all;

use super::RedisBackplane;
use super::entry::{member_value, role_of_member};
use super::reply::{Reply, head, node_names, to_error};
use super::script::{Call, FORGET, MOVED_SINCE, NOTE_MOVE, RECENT, RESTORE};
use crate::domain::{Base, Cid, GroupId, Head, NodeName, Role, Seq, UserId};
use crate::ports::{BackplaneError, GroupSnapshot, GroupStates, Partition};

/// It is kept in mind for so long which life of a group was forgotten: far longer than a restore may be under way.
const KEPT_IN_MIND: Duration = Duration::from_secs(3_600);

/// The newest commit's number, and the groups that moved when all are known.
type Moved = (u64, Option<Vec<(GroupId, Option<Head>)>>);

#[async_trait]
impl GroupStates for RedisBackplane {
    async fn restore(
        &self,
        partition: Partition,
        origin: &NodeName,
        floor: &GroupSnapshot,
    ) -> Result<bool, BackplaneError> {
        let keys = [
            self.keys.log(partition),
            self.keys.group(partition, &floor.group),
            self.keys.recent(partition, &floor.group),
            self.keys.moves(partition),
            self.keys.heads(partition),
        ];
        let mut call = Call::keys(keys)
            .arg(floor.group.as_str())
            .number(self.limits.moves_kept)
            .number(floor.head.seq)
            .number(floor.head.n)
            .number(floor.head.shown)
            .arg(floor.head.time)
            .arg(floor.kind.as_str())
            .arg(floor.access.as_str())
            .number(floor.version)
            .number(floor.base)
            .arg(origin.as_str())
            .arg(Cid::random().as_str())
            .arg(floor.pinning.as_str())
            .number(floor.archived.into())
            .number(floor.rules_version);
        for member in &floor.members {
            call.push(member.id.as_str());
            call.push(member_value(member));
        }
        Ok(RESTORE.run(&self.client, call).await?.number()? == 1)
    }

    async fn roles(
        &self,
        partition: Partition,
        group: &GroupId,
        users: &[UserId],
    ) -> Result<Option<Vec<Option<Role>>>, BackplaneError> {
        let mut fields = vec!["s".to_owned()];
        fields.extend(users.iter().map(|user| format!("@{user}")));
        let mut values = self.state_fields(partition, group, fields).await?.into_iter();
        if values.next().is_none_or(|seq| seq.is_null()) {
            return Ok(None);
        }
        let role = |value: Value| value.present().map(|member| member.parsed(role_of_member)).transpose();
        values.map(role).collect::<Result<_, _>>().map(Some)
    }

    async fn heads(&self, partition: Partition, groups: &[GroupId]) -> Result<Vec<Option<Head>>, BackplaneError> {
        try_join_all(groups.iter().map(|group| self.stored_head(partition, group))).await
    }

    async fn moved_since(&self, partition: Partition, after: u64) -> Result<Moved, BackplaneError> {
        let call = Call::keys([self.keys.moves(partition), self.keys.heads(partition)]).number(after);
        let [newest, groups] = MOVED_SINCE.run(&self.client, call).await?.tuple()?;
        let newest = newest.number()?;
        let Some(groups) = groups.present() else { return Ok((newest, None)) };
        let groups: Vec<GroupId> =
            groups.list()?.iter().map(|id| id.parsed(GroupId::parse)).collect::<Result<_, _>>()?;
        // Read a moment later, the heads can only be further on.
        let heads = self.heads(partition, &groups).await?;
        Ok((newest, Some(groups.into_iter().zip(heads).collect())))
    }

    async fn note_move(&self, partition: Partition, group: &GroupId) -> Result<(), BackplaneError> {
        let call = Call::keys([self.keys.moves(partition), self.keys.heads(partition)])
            .arg(group.as_str())
            .number(self.limits.moves_kept);
        NOTE_MOVE.run(&self.client, call).await.map(drop)
    }

    async fn recent(
        &self,
        partition: Partition,
        group: &GroupId,
        after: Seq,
    ) -> Result<Vec<(Seq, Bytes)>, BackplaneError> {
        let call = Call::keys([self.keys.group(partition, group), self.keys.recent(partition, group)]).number(after);
        let Some(answer) = RECENT.run(&self.client, call).await?.present() else { return Ok(Vec::new()) };
        let [first, events] = answer.tuple()?;
        let events = (first.number()?..).zip(events.list()?);
        events.map(|(seq, event)| Ok((seq, event.bytes()?))).collect()
    }

    async fn forget_group(
        &self,
        partition: Partition,
        group: &GroupId,
        life: Seq,
        stored: Head,
    ) -> Result<Base, BackplaneError> {
        let keys = [self.keys.group(partition, group), self.keys.recent(partition, group), self.keys.heads(partition)];
        let call = Call::keys(keys)
            .arg(group.as_str())
            .number(life)
            .number(stored.seq)
            .number(stored.n)
            .number(self.limits.log_cap)
            .number(KEPT_IN_MIND.as_secs());
        let [forgotten, seq, n] = FORGET.run(&self.client, call).await?.tuple()?;
        if forgotten.number()? == 1 {
            self.forget_routes(partition, group).await?;
        }
        Ok(Base { seq: seq.number()?, n: n.number()? })
    }
}

impl RedisBackplane {
    async fn stored_head(&self, partition: Partition, group: &GroupId) -> Result<Option<Head>, BackplaneError> {
        let fields = ["h", "hn", "hw", "ht"].map(str::to_owned).to_vec();
        let values = self.state_fields(partition, group, fields).await?;
        match values.as_slice() {
            [seq, ..] if seq.is_null() => Ok(None),
            values => head(values).map(Some),
        }
    }

    async fn state_fields(
        &self,
        partition: Partition,
        group: &GroupId,
        fields: Vec<String>,
    ) -> Result<Vec<Value>, BackplaneError> {
        let answer: Result<Value, _> = self.client.hmget(self.keys.group(partition, group), fields).await;
        answer.map_err(|error| to_error(&error))?.list()
    }

    /// A route too many does no harm: whoever it leads to has the group no more.
    async fn forget_routes(&self, partition: Partition, group: &GroupId) -> Result<(), BackplaneError> {
        let routes = self.keys.routes(partition, group);
        let nodes: Result<Value, _> = self.client.hkeys(routes.as_str()).await;
        for node in node_names(nodes.map_err(|error| to_error(&error))?)? {
            let index = self.keys.routed_groups(partition, &node);
            self.client.srem::<(), _, _>(index, group.as_str()).await.map_err(|error| to_error(&error))?;
        }
        self.client.del::<(), _>(routes).await.map_err(|error| to_error(&error))
    }
}
