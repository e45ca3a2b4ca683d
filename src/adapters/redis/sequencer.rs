//! [`Sequencer`] in Redis: what gives seqs.

use std::collections::HashMap;

use async_trait::async_trait;
use fred::interfaces::KeysInterface;
use fred::types::Value;

use super::RedisBackplane;
use super::entry::{role_token, rules_text, stream_id};
use super::reply::{Reply, to_error, unexpected};
use super::script::{APPEND, CHANGE_GROUP, CHANGE_MEMBERS, Call};
use crate::domain::{Cid, GroupId, Kind, Millis, NodeName, UserId};
use crate::ports::{
    Append, Appended, BackplaneError, ChangeOutcome, ChangeRequest, Partition, Permission, Sequencer, Standing,
    UpdateRequest,
};

/// Sends that one script takes: Redis does nothing else meanwhile, two milliseconds at most.
const APPEND_CHUNK: usize = 256;

#[async_trait]
impl Sequencer for RedisBackplane {
    async fn append(
        &self,
        partition: Partition,
        origin: &NodeName,
        appends: &[Append],
    ) -> Result<Vec<Appended>, BackplaneError> {
        let mut answers = Vec::with_capacity(appends.len());
        for chunk in appends.chunks(APPEND_CHUNK) {
            let answer = APPEND.run(&self.client, self.append_call(partition, origin, chunk)).await?;
            for value in answer.list()? {
                answers.push(appended(value)?);
            }
        }
        Ok(answers)
    }

    async fn change_members(
        &self,
        partition: Partition,
        origin: &NodeName,
        change: &ChangeRequest,
    ) -> Result<ChangeOutcome, BackplaneError> {
        let mut call = self
            .change_call(partition, origin, &change.group, &change.actor, &change.cid)
            .arg(change.kind.as_str())
            .arg(role_token(&change.role))
            .arg(permission_name(change.permission))
            .number(change.max_members as u64)
            .arg(Cid::random().as_str());
        for user in &change.users {
            call.push(user.as_str());
        }
        outcome(CHANGE_MEMBERS.run(&self.client, call).await?)
    }

    async fn change_group(
        &self,
        partition: Partition,
        origin: &NodeName,
        change: &UpdateRequest,
    ) -> Result<ChangeOutcome, BackplaneError> {
        let call = self
            .change_call(partition, origin, &change.group, &change.actor, &change.cid)
            .arg(Kind::Updated.as_str())
            .number(Kind::Updated.traits().bits().into())
            .arg(rules_text(&change.rules))
            .arg(change.body.clone());
        outcome(CHANGE_GROUP.run(&self.client, call).await?)
    }

    async fn forget_cid(
        &self,
        partition: Partition,
        group: &GroupId,
        from: &UserId,
        cid: &Cid,
    ) -> Result<(), BackplaneError> {
        let key = self.keys.cid(partition, group, from, cid);
        self.client.del::<(), _>(key).await.map_err(|error| to_error(&error))
    }
}

impl RedisBackplane {
    /// What scripts that change a group are told first: where, who for, and which change it is.
    fn change_call(&self, partition: Partition, origin: &NodeName, group: &GroupId, actor: &UserId, cid: &Cid) -> Call {
        let keys =
            [self.keys.log(partition), self.keys.group(partition, group), self.keys.cid(partition, group, actor, cid)];
        Call::keys(keys)
            .arg(origin.as_str())
            .number(self.limits.log_cap)
            .number(self.cid_window())
            .arg(group.as_str())
            .arg(actor.as_str())
            .arg(cid.as_str())
    }

    fn append_call(&self, partition: Partition, origin: &NodeName, appends: &[Append]) -> Call {
        let mut numbers: HashMap<&GroupId, u64> = HashMap::new();
        let mut call = Call::keys([self.keys.log(partition)]);
        for append in appends {
            let next = numbers.len() as u64 + 1;
            numbers.entry(&append.group).or_insert_with(|| {
                call.push_key(self.keys.group(partition, &append.group));
                next
            });
        }
        call = call.arg(origin.as_str()).number(self.limits.log_cap).number(self.cid_window());
        call.push_number(numbers.len() as u64);
        for append in appends {
            call.push_key(self.keys.cid(partition, &append.group, &append.from, &append.cid));
            call.push_number(numbers[&append.group]);
            call.push(append.group.as_str());
            call.push(append.from.as_str());
            call.push(append.cid.as_str());
            call.push(append.kind.as_str());
            call.push_number(append.traits.bits().into());
            call.push_number(standing_number(append.standing));
            call.push(append.body.clone());
        }
        call
    }
}

fn appended(value: Value) -> Result<Appended, BackplaneError> {
    let values = value.list()?;
    let numbers: Vec<u64> = values.iter().take(3).map(Reply::number).collect::<Result<_, _>>()?;
    match (numbers.as_slice(), values.get(3)) {
        ([0, seq, n], Some(id)) => Ok(Appended::Accepted { seq: *seq, n: *n, time: stream_id(id)?.0 as Millis }),
        ([1, seq], None) => Ok(Appended::Seen { seq: *seq }),
        ([2], None) => Ok(Appended::NotMember),
        ([3], None) => Ok(Appended::Unknown),
        ([4], None) => Ok(Appended::Full),
        ([5], None) => Ok(Appended::NotAdmin),
        ([6], None) => Ok(Appended::Archived),
        _ => Err(unexpected("an append's answer", &Value::Array(values))),
    }
}

fn outcome(value: Value) -> Result<ChangeOutcome, BackplaneError> {
    let values = value.list()?;
    let numbers: Vec<u64> = values.iter().map(Reply::number).collect::<Result<_, _>>()?;
    match numbers.as_slice() {
        [0, seq] => Ok(ChangeOutcome::Accepted { seq: *seq }),
        [1] => Ok(ChangeOutcome::Unchanged),
        [2] => Ok(ChangeOutcome::Forbidden),
        [3] => Ok(ChangeOutcome::TooMany),
        [4] => Ok(ChangeOutcome::Unknown),
        [5] => Ok(ChangeOutcome::Full),
        [6] => Ok(ChangeOutcome::NoAdmin),
        [7] => Ok(ChangeOutcome::Archived),
        _ => Err(unexpected("a change's answer", &Value::Array(values))),
    }
}

fn permission_name(permission: Permission) -> &'static str {
    match permission {
        Permission::Admin => "admin",
        Permission::Oneself => "oneself",
        Permission::Password => "password",
        Permission::Invited => "invited",
        Permission::Hub => "hub",
    }
}

fn standing_number(standing: Standing) -> u64 {
    match standing {
        Standing::Anybody => 0,
        Standing::Member => 1,
        Standing::Admin => 2,
        Standing::Moderator => 3,
        Standing::Pinner => 4,
    }
}
