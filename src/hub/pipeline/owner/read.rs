//! The logs of our partitions are read, and what is pending is taken over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::held::{Held, Pending};
use super::order::Hole;
use super::owned::Owned;
use crate::domain::{GroupId, Seq, now_ms};
use crate::hub::codec::Body;
use crate::hub::metrics::Stage;
use crate::hub::node::NodeState;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::pipeline::restore::Restorer;
use crate::ports::{BackplaneError, GroupStates, Log, LogEntry, LogRead, Partition};

/// A blocking read of the logs ends after this long: a partition that leaves is read no more then.
const READ_WAIT: Duration = Duration::from_millis(500);

/// The partitions that are read.
pub(crate) struct LogReader {
    held: BTreeMap<Partition, Held>,
    owned: Arc<Owned>,
    log: Arc<dyn Log>,
    states: Arc<dyn GroupStates>,
    node: Arc<NodeState>,
    restorer: Arc<Restorer>,
    metrics: PipelineMetrics,
}

// === impl LogReader ===

impl LogReader {
    pub(crate) fn new(
        owned: Arc<Owned>,
        log: Arc<dyn Log>,
        states: Arc<dyn GroupStates>,
        node: Arc<NodeState>,
        restorer: Arc<Restorer>,
        metrics: PipelineMetrics,
    ) -> Self {
        Self { held: BTreeMap::new(), owned, log, states, node, restorer, metrics }
    }

    /// A partition that is held.
    pub(super) fn get(&self, partition: Partition) -> Option<&Held> {
        self.held.get(&partition)
    }

    /// Whether nothing is held.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes up partitions that are newly ours, and drops those that are ours no more.
    pub(super) fn follow_leases(&mut self) {
        let tokens = self.owned.to_read();
        let (metrics, restorer) = (&self.metrics, &self.restorer);
        self.held.retain(|partition, held| {
            let kept = tokens.get(partition) == Some(&held.token);
            if !kept {
                metrics.logs.forget(*partition);
                if held.pending.is_silent() {
                    held.compare_heads(restorer, *partition);
                }
            }
            kept
        });
        for (partition, token) in tokens {
            self.held.entry(partition).or_insert_with(|| Held::new(token));
        }
        self.metrics.owned_partitions.set(self.held.len() as i64);
        self.owned.reads(self.held.keys().copied());
    }

    /// Takes over everything pending where that is due. Where the backplane is silent it stays due, and is not
    /// waited for.
    pub(super) async fn drain(&mut self) {
        let due = self.held.iter_mut().filter(|(_, held)| held.pending.is_wanted());
        let claims = due.map(|(partition, held)| {
            let (log, name, partition) = (&self.log, &self.node, *partition);
            let begin = move || {
                let (log, name) = (log.clone(), name.name());
                tokio::spawn(async move { log.claim(&name, partition).await })
            };
            async move { Some((partition, held.pending.claimed(begin).await?)) }
        });
        let claimed: Vec<_> = join_all(claims).await.into_iter().flatten().collect();
        for (partition, claimed) in claimed {
            match claimed {
                Ok(Ok(read)) => {
                    self.take(read, true);
                    if let Some(held) = self.held.get_mut(&partition)
                        && held.pending.is_taken()
                    {
                        held.compare_heads(&self.restorer, partition);
                    }
                }
                Ok(Err(error)) => self.failed(partition, &error),
                Err(ended) => tracing::debug!(%ended, partition, "a claim did not come to its end"),
            }
        }
    }

    /// Reads what is new, or waits for a while; false where something could not be read.
    pub(super) async fn read(&mut self) -> bool {
        let partitions: Vec<_> = self.held.keys().copied().collect();
        let name = self.node.name();
        let read = tokio::select! {
            biased;
            read = self.log.read_log(&name, &partitions, READ_WAIT) => read,
            () = self.owned.changed() => {
                // Partitions without an owner must not wait for the others' silence. What the read
                // that is given up may have brought is pending.
                self.held.values_mut().for_each(|held| held.pending.is_due());
                return true;
            }
        };
        let reads = read.unwrap_or_else(|error| LogRead::all_failed(&partitions, &error));
        let mut whole = true;
        for mut read in reads {
            if let Some(error) = read.error.take() {
                self.failed(read.partition, &error);
                whole = false;
            }
            self.take(read, false);
        }
        whole
    }

    /// A call about a partition was not answered. What a lost reply carried is pending now, not new.
    fn failed(&mut self, partition: Partition, error: &BackplaneError) {
        tracing::warn!(%error, partition, "a log cannot be read");
        if let Some(held) = self.held.get_mut(&partition) {
            held.pending.is_unanswered();
        }
    }

    fn take(&mut self, read: LogRead, claimed: bool) {
        let Some(held) = self.held.get_mut(&read.partition) else { return };
        let now = now_ms();
        let (entries, later): (Vec<_>, Vec<_>) =
            read.entries.into_iter().partition(|entry| entry.kind.has_known_effect(entry.traits));
        let mut passed_on = false;
        for entry in later {
            if held.entries.lock().insert(entry.id) {
                passed_on = true;
                let (group, seq, kind) = (&entry.group, entry.seq, entry.kind);
                tracing::warn!(partition = read.partition, %group, seq, %kind, "an event does what only later versions know; its partition is passed on");
            }
        }
        if passed_on {
            self.owned.pass_on(read.partition);
            self.node.beat_now();
        }
        let (known, unknown): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| Body::is_known(&entry.body));
        let unknown =
            unknown.into_iter().map(|entry| (entry.id, BackplaneError::Unexpected("a body of a later version".into())));
        for (id, error) in read.unreadable.into_iter().chain(unknown) {
            // Not acked, so that a later owner may know what to do with it; known, so that it is not claimed
            // again and again.
            if held.entries.lock().insert(id) {
                self.metrics.unreadable.inc();
                tracing::error!(partition = read.partition, ?id, %error, "a log entry cannot be read and waits");
            }
        }
        for entry in known {
            if held.entries.lock().insert(entry.id) {
                if claimed {
                    self.metrics.claims.inc();
                }
                self.metrics.common.took(Stage::LogWait, (now - entry.time) as f64 / 1e3);
                held.order.offer(entry);
            }
        }
    }

    /// Waits until there is another partition to be read, or one less.
    pub(super) async fn changed(&self) {
        self.owned.changed().await;
    }

    /// How far a group is stored, as far as the backplane knows.
    pub(super) async fn stored_head(&self, partition: Partition, group: &GroupId) -> Seq {
        let heads = self.states.heads(partition, std::slice::from_ref(group)).await;
        heads.ok().and_then(|heads| heads.first().copied().flatten()).map_or(0, |head| head.seq)
    }

    /// A hole was mended.
    pub(super) fn mended(&self) {
        self.metrics.common.repairs.inc();
    }

    /// What is in turn, ascending within each group.
    pub(super) fn take_ready(&mut self) -> Vec<(Partition, LogEntry)> {
        let mut ready = Vec::new();
        for (partition, held) in &mut self.held {
            ready.extend(held.order.take_ready().into_iter().map(|entry| (*partition, entry)));
        }
        ready
    }

    /// Seqs that are missing before entries that wait.
    pub(super) fn holes(&self) -> Vec<(Partition, Hole)> {
        let of = |(partition, held): (&Partition, &Held)| {
            let partition = *partition;
            held.order.holes().into_iter().map(move |hole| (partition, hole)).collect::<Vec<_>>()
        };
        self.held.iter().flat_map(of).collect()
    }

    /// What a group misses before an entry that waits.
    pub(super) fn hole_of(&self, partition: Partition, group: &GroupId) -> Option<Hole> {
        self.held.get(&partition)?.order.holes().into_iter().find(|hole| hole.group == *group)
    }

    /// Whether a hole of a partition can be looked into: where the backplane is silent, others may hold what is missing.
    pub(super) fn may_mend(&self, partition: Partition) -> bool {
        if self.owned.is_passing(partition) && self.node.view().another_takes(partition, &self.node.name()) {
            // What is missing may be what another node knows and is about to take.
            return false;
        }
        self.held.get(&partition).is_some_and(|held| !held.pending.is_silent())
    }

    /// Takes over what is pending of a partition; false where that could not be done.
    pub(super) async fn drain_one(&mut self, partition: Partition) -> bool {
        if let Some(held) = self.held.get_mut(&partition) {
            held.pending.is_due();
        }
        self.drain().await;
        self.held.get(&partition).is_some_and(|held| matches!(held.pending, Pending::Taken))
    }

    /// Everything of a group up to a seq is stored.
    pub(super) fn pass(&mut self, partition: Partition, group: &GroupId, seq: Seq) {
        if let Some(held) = self.held.get_mut(&partition) {
            held.order.pass(group, seq);
        }
    }

    /// Entries that were handed to a consumer which no longer reads lie pending: more are pending
    /// than are held here.
    pub(super) async fn look(&mut self) {
        let log = &self.log;
        let looks = self
            .held
            .iter_mut()
            .filter(|(_, held)| !held.pending.is_silent())
            .map(|(partition, held)| async move { (partition, held, log.log_stats(*partition).await) });
        for (partition, held, stats) in join_all(looks).await {
            match stats {
                Ok(stats) => {
                    self.metrics.logs.set(*partition, stats);
                    if stats.pending > held.entries.lock().len() as u64 {
                        held.pending.is_due();
                    }
                }
                Err(_) => held.pending.is_unanswered(),
            }
        }
    }
}
