//! [`Log`] in Redis: what the owner of a partition does: read, take over, commit, give an entry another seq.

use std::time::Duration;

use async_trait::async_trait;
use fred::interfaces::StreamsInterface;
use fred::types::Value;

use super::RedisBackplane;
use super::entry::{add_log_entries, role_token, rules_text};
use super::keys::FANOUT;
use super::reply::{Reply, node_names, to_error};
use super::script::{COMMIT, Call, RESEQ, TEND_CONSUMERS};
use crate::domain::{Cid, NodeName};
use crate::ports::{BackplaneError, Commit, CommitError, Committed, EntryId, Log, LogRead, LogStats, Partition, Reseq};

/// Pending entries that one claim moves.
const CLAIM_CHUNK: u64 = 500;

/// One of so many small commits trims the log, where its cap leaves room for what waits for that.
const COMMITS_A_TRIM: u64 = 16;
/// Less than this share of the cap waits to be trimmed.
const ENTRIES_A_TRIM: u64 = 1_000;

/// Consumers idle for longer belong to node lives that are over; one that is not is made again.
const CONSUMER_IDLE: Duration = Duration::from_secs(600);

#[async_trait]
impl Log for RedisBackplane {
    async fn read_log(
        &self,
        consumer: &NodeName,
        partitions: &[Partition],
        wait: Duration,
    ) -> Result<Vec<LogRead>, BackplaneError> {
        self.log_reader.read(consumer, partitions, wait).await
    }

    async fn claim(&self, consumer: &NodeName, partition: Partition) -> Result<LogRead, BackplaneError> {
        let log = self.keys.log(partition);
        let mut read = LogRead { partition, ..LogRead::default() };
        let mut start = "0-0".to_owned();
        loop {
            let answer: Result<Value, _> = self
                .client
                .xautoclaim(log.as_str(), FANOUT, consumer.as_str(), 0, start.as_str(), Some(CLAIM_CHUNK), false)
                .await;
            let answer = match answer {
                Err(error) if error.details().starts_with("NOGROUP") => break,
                answer => answer.map_err(|error| to_error(&error))?,
            };
            let [next, claimed, _gone] = answer.tuple()?;
            add_log_entries(&mut read, claimed)?;
            start = next.parsed(|text| Ok::<_, ()>(text.to_owned()))?;
            if start == "0-0" {
                self.tend_consumers(log, consumer).await?;
                break;
            }
        }
        Ok(read)
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        // In a Cluster inboxes lie in other slots than logs.
        let hinted = if self.connector.clustered() { &[] } else { commit.hinted.as_slice() };
        let answer = COMMIT.run(&self.client, self.commit_call(commit, hinted)).await?;
        let groups = answer.present().ok_or(CommitError::LeaseLost)?.list()?;
        let mut committed = Committed { told: !hinted.is_empty(), ..Committed::default() };
        for group in groups {
            let [base, nodes] = group.tuple()?;
            committed.routes.push(node_names(nodes)?);
            // Below zero where it is not known.
            committed.bases.push(base.number().ok());
        }
        Ok(committed)
    }

    async fn reseq(&self, reseq: &Reseq) -> Result<(), CommitError> {
        let (partition, entry) = (reseq.partition, &reseq.entry);
        let keys = [
            self.keys.lease(partition),
            self.keys.log(partition),
            self.keys.group(partition, &entry.group),
            self.keys.cid(partition, &entry.group, &entry.from, &entry.cid),
        ];
        let users: Vec<&str> = entry.users.iter().map(|user| user.as_str()).collect();
        let call = Call::keys(keys)
            .arg(reseq.token.0.as_str())
            .arg(id_text(entry.id))
            .number(entry.seq)
            .number(reseq.floor.seq)
            .number(reseq.floor.n)
            .number(reseq.floor.shown)
            .number(self.cid_window())
            .arg(entry.group.as_str())
            .arg(entry.origin.as_str())
            .arg(entry.from.as_str())
            .arg(entry.cid.as_str())
            .arg(entry.kind.as_str())
            .number(entry.traits.bits().into())
            .arg(entry.body.clone())
            .arg(users.join(" "))
            .arg(role_token(&entry.role))
            .arg(Cid::random().as_str())
            .arg(rules_text(&entry.rules));
        let answer = RESEQ.run(&self.client, call).await?;
        answer.present().map(|_| ()).ok_or(CommitError::LeaseLost)
    }

    async fn log_stats(&self, partition: Partition) -> Result<LogStats, BackplaneError> {
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
}

impl RedisBackplane {
    async fn tend_consumers(&self, log: String, consumer: &NodeName) -> Result<(), BackplaneError> {
        let call = Call::keys([log]).arg(consumer.as_str()).number(CONSUMER_IDLE.as_millis() as u64);
        TEND_CONSUMERS.run(&self.client, call).await.map(|_| ())
    }

    fn commit_call(&self, commit: &Commit, hinted: &[NodeName]) -> Call {
        let partition = commit.partition;
        let keys = [
            self.keys.lease(partition),
            self.keys.log(partition),
            self.keys.moves(partition),
            self.keys.heads(partition),
        ];
        let mut call = Call::keys(keys)
            .arg(commit.token.0.as_str())
            .number(self.limits.recent_len)
            .number(self.limits.recent_ttl.as_secs().max(1))
            .number(self.limits.moves_kept)
            .number((self.limits.log_cap / ENTRIES_A_TRIM).clamp(1, COMMITS_A_TRIM))
            .number(self.limits.inbox_cap)
            .number(commit.done.len() as u64);
        for id in &commit.done {
            call.push(id_text(*id));
        }
        call.push_number(hinted.len() as u64);
        for node in hinted {
            call.push_key(self.keys.inbox(node));
            call.push_key(self.keys.full_inbox(node));
            call.push(node.as_str());
        }
        for part in &commit.groups {
            call.push_key(self.keys.group(partition, &part.group));
            call.push_key(self.keys.routes(partition, &part.group));
            call.push_key(self.keys.recent(partition, &part.group));
            call.push(part.group.as_str());
            call.push_number(part.head.seq);
            call.push_number(part.head.n);
            call.push_number(part.head.shown);
            call.push(part.head.time);
            call.push_number(part.erased_at.unwrap_or(0));
            call.push_number(part.recent.len() as u64);
            for (seq, event) in &part.recent {
                call.push_number(*seq);
                call.push(event.clone());
            }
            if !hinted.is_empty() {
                call.push(part.peer_message.clone());
                call.push_number(part.askers.len() as u64);
                part.askers.iter().for_each(|node| call.push(node.as_str()));
            }
        }
        call
    }
}

fn id_text(EntryId(ms, n): EntryId) -> String {
    format!("{ms}-{n}")
}

/// Redis does not always know how many entries nobody has read, and counts ones that are long gone
/// after a restart from its log: they are at most those that are there and not delivered.
fn lag_of(told: Option<u64>, length: u64, pending: u64) -> u64 {
    let not_delivered = length.saturating_sub(pending);
    told.map_or(not_delivered, |told| told.min(not_delivered))
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
