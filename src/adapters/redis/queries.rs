//! What is only looked at: roles, heads, moves, the recent cache, a log's numbers.

use std::time::Duration;

use bytes::Bytes;
use fred::interfaces::{HashesInterface, KeysInterface, SetsInterface, StreamsInterface};
use fred::types::Value;
use futures::future::try_join_all;

use super::RedisBackplane;
use super::commits::FANOUT;
use super::entry::role_of_member;
use super::reply::{Reply, to_error};
use super::script::{Call, FORGET, MOVED_SINCE, RECENT};
use crate::domain::{Base, GroupId, Head, Millis, Role, Seq, UserId};
use crate::ports::{BackplaneError, LogStats, Partition};

/// It is kept in mind for so long which life of a group was forgotten: far longer than a restore may be under way.
const KEPT_IN_MIND: Duration = Duration::from_secs(3_600);

/// The newest commit's number, and the groups that moved when all are known.
pub(super) type Moved = (u64, Option<Vec<(GroupId, Head)>>);

impl RedisBackplane {
    pub(super) async fn roles_of(
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

    pub(super) async fn stored_heads(
        &self,
        partition: Partition,
        groups: &[GroupId],
    ) -> Result<Vec<Option<Head>>, BackplaneError> {
        try_join_all(groups.iter().map(|group| self.stored_head(partition, group))).await
    }

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

    pub(super) async fn moved(&self, partition: Partition, after: u64) -> Result<Moved, BackplaneError> {
        let call = Call::keys([self.keys.moves(partition), self.keys.heads(partition)]).number(after);
        let [newest, groups] = MOVED_SINCE.run(&self.client, call).await?.tuple()?;
        let newest = newest.number()?;
        let Some(groups) = groups.present() else { return Ok((newest, None)) };
        let groups: Vec<GroupId> =
            groups.list()?.iter().map(|id| id.parsed(GroupId::parse)).collect::<Result<_, _>>()?;
        // Read a moment later, the heads can only be further on.
        let heads = self.stored_heads(partition, &groups).await?;
        let known = groups.into_iter().zip(heads).filter_map(|(id, head)| Some((id, head?)));
        Ok((newest, Some(known.collect())))
    }

    pub(super) async fn recent_events(
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

    pub(super) async fn stats(&self, partition: Partition) -> Result<LogStats, BackplaneError> {
        let log = self.keys.log(partition);
        let length: u64 = self.client.xlen(log.as_str()).await.map_err(|error| to_error(&error))?;
        let groups: Result<Value, _> = self.client.xinfo_groups(log.as_str()).await;
        let groups = match groups {
            Err(error) if error.details().contains("no such key") => return Ok(LogStats::default()),
            groups => groups.map_err(|error| to_error(&error))?.list()?,
        };
        for group in groups {
            let fields = group.list()?;
            let field = |name: &str| {
                fields.chunks_exact(2).find(|pair| pair[0].as_bytes() == Some(name.as_bytes())).map(|pair| &pair[1])
            };
            if field("name").and_then(Value::as_bytes) == Some(FANOUT.as_bytes()) {
                let pending = field("pending").and_then(Value::as_u64).unwrap_or_default();
                let lag = lag_of(field("lag").and_then(Value::as_u64), length, pending);
                return Ok(LogStats { length, pending, lag });
            }
        }
        Ok(LogStats { length, pending: 0, lag: length })
    }

    pub(super) async fn forget_life(
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

    /// A route too many does no harm: whoever it leads to has the group no more.
    async fn forget_routes(&self, partition: Partition, group: &GroupId) -> Result<(), BackplaneError> {
        let routes = self.keys.routes(partition, group);
        let nodes: Result<Value, _> = self.client.hkeys(routes.as_str()).await;
        for node in super::commits::node_names(nodes.map_err(|error| to_error(&error))?)? {
            let index = self.keys.routed_groups(partition, &node);
            self.client.srem::<(), _, _>(index, group.as_str()).await.map_err(|error| to_error(&error))?;
        }
        self.client.del::<(), _>(routes).await.map_err(|error| to_error(&error))
    }
}

/// Redis does not always know how many entries nobody has read, and counts ones that are long gone
/// after a restart from its log: they are at most those that are there and not delivered.
fn lag_of(told: Option<u64>, length: u64, pending: u64) -> u64 {
    let not_delivered = length.saturating_sub(pending);
    told.map_or(not_delivered, |told| told.min(not_delivered))
}

/// A head of four numbers.
pub(super) fn head(values: &[Value]) -> Result<Head, BackplaneError> {
    match values {
        [seq, n, shown, time, ..] => {
            let [seq, n, shown] = [seq.number()?, n.number()?, shown.number()?];
            Ok(Head { seq, n, shown, time: time.number()? as Millis })
        }
        _ => Err(BackplaneError::Unexpected("a head without its numbers".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::lag_of;

    #[test]
    fn the_lag_is_never_more_than_what_is_there() {
        assert_eq!(lag_of(Some(3), 10, 2), 3);
        assert_eq!(lag_of(Some(1_315), 2, 1), 1);
        assert_eq!(lag_of(None, 10, 2), 8);
        assert_eq!(lag_of(None, 1, 2), 0);
    }
}
