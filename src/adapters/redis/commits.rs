//! What the owner of a partition does: take over, commit, give an entry another seq.

use std::time::Duration;

use fred::interfaces::StreamsInterface;
use fred::types::Value;

use super::RedisBackplane;
use super::entry::{add_log_entries, role_token};
use super::reply::{Reply, to_error};
use super::script::{COMMIT, Call, RESEQ, TEND_CONSUMERS};
use crate::domain::{Cid, NodeName};
use crate::ports::{BackplaneError, Commit, CommitError, Committed, EntryId, LogRead, Partition, Reseq};

/// The consumer group of the owners.
pub(super) const FANOUT: &str = "fanout";

/// Pending entries that one claim moves.
const CLAIM_CHUNK: u64 = 500;

/// One of so many small commits trims the log, where its cap leaves room for what waits for that.
const COMMITS_A_TRIM: u64 = 16;
/// Less than this share of the cap waits to be trimmed.
const ENTRIES_A_TRIM: u64 = 1_000;

/// Consumers idle for longer belong to node lives that are over; one that is not is made again.
const CONSUMER_IDLE: Duration = Duration::from_secs(600);

impl RedisBackplane {
    pub(super) async fn claim_all(&self, consumer: &NodeName, partition: Partition) -> Result<LogRead, BackplaneError> {
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

    async fn tend_consumers(&self, log: String, consumer: &NodeName) -> Result<(), BackplaneError> {
        let call = Call::keys([log]).arg(consumer.as_str()).number(CONSUMER_IDLE.as_millis() as u64);
        TEND_CONSUMERS.run(&self.client, call).await.map(|_| ())
    }

    pub(super) async fn commit_batch(&self, commit: &Commit) -> Result<Committed, CommitError> {
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

    pub(super) async fn reseq_entry(&self, reseq: &Reseq) -> Result<(), CommitError> {
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
            .arg(Cid::random().as_str());
        let answer = RESEQ.run(&self.client, call).await?;
        answer.present().map(|_| ()).ok_or(CommitError::LeaseLost)
    }
}

/// Names of nodes.
pub(super) fn node_names(value: Value) -> Result<Vec<NodeName>, BackplaneError> {
    value.list()?.iter().map(|name| name.parsed(NodeName::parse)).collect()
}

fn id_text(EntryId(ms, n): EntryId) -> String {
    format!("{ms}-{n}")
}
