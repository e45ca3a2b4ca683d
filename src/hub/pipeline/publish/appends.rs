//! Sends are appended in batches, those of each partition apart.

use std::sync::Arc;

use super::acks::{Acks, key_of};
use super::repeats::{Queued, RETRY_AFTER, Repeats};
use crate::domain::{Code, GroupId, Refusal};
use crate::hub::metrics::Stage;
use crate::hub::node::NodeState;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::pipeline::restore::Restorer;
use crate::hub::tasks::Tasks;
use crate::kernel::Batcher;
use crate::ports::{Append, Appended, BackplaneError, Partition, Sequencer};

/// An append carries so many sends at most: a script that runs longer would hold others up.
const BATCH_MAX: usize = 256;
/// So many sends wait for one partition's append at most; beyond it the hub is overloaded.
const WAITING_MAX: usize = 8_192;

/// Appends what waits, a batch a partition at a time.
pub(crate) struct Appends {
    /// What waits for the append of each partition.
    batchers: Vec<Batcher<Queued>>,
    acks: Arc<Acks>,
    repeats: Arc<Repeats>,
    sequencer: Arc<dyn Sequencer>,
    restorer: Arc<Restorer>,
    node: Arc<NodeState>,
    metrics: PipelineMetrics,
    tasks: Tasks,
}

// === impl Appends ===

impl Appends {
    pub(crate) fn new(
        acks: Arc<Acks>,
        repeats: Arc<Repeats>,
        sequencer: Arc<dyn Sequencer>,
        restorer: Arc<Restorer>,
        node: Arc<NodeState>,
        metrics: PipelineMetrics,
        tasks: Tasks,
    ) -> Self {
        let batchers = (0..node.partitions()).map(|_| Batcher::bounded(BATCH_MAX, WAITING_MAX)).collect();
        Self { batchers, acks, repeats, sequencer, restorer, node, metrics, tasks }
    }

    /// False when as many wait as may.
    pub(crate) fn enqueue(self: &Arc<Self>, queued: Queued) -> bool {
        let partition = self.node.partition(&queued.append.group);
        let start = || {
            let this = self.clone();
            self.tasks.spawn(async move { this.run_appends(partition).await });
        };
        self.batchers[usize::from(partition)].put(queued, start).is_ok()
    }

    async fn run_appends(self: Arc<Self>, partition: Partition) {
        let batcher = &self.batchers[usize::from(partition)];
        batcher.run(|batch| self.append_batch(partition, batch)).await;
    }

    /// Appends a batch, in order; those of groups whose state was absent once more after restoring it.
    async fn append_batch(self: &Arc<Self>, partition: Partition, batch: Vec<Queued>) {
        let mut left = batch;
        let mut restored: Option<GroupId> = None;
        while !left.is_empty() {
            let appends: Vec<Append> = left.iter().map(|queued| queued.append.clone()).collect();
            let answers = match self.sequencer.append(partition, &self.node.name(), &appends).await {
                Ok(answers) => answers,
                Err(error) => {
                    left = self.after_failed_append(left, error).await;
                    continue;
                }
            };
            let mut unknown = Vec::new();
            for (queued, answer) in left.into_iter().zip(answers) {
                match answer {
                    Appended::Unknown => unknown.push(queued),
                    answer => self.appended(queued, answer),
                }
            }
            left = unknown;
            let Some(group) = left.first().map(|queued| queued.append.group.clone()) else { return };
            let outcome = if restored.as_ref() == Some(&group) {
                Err(Refusal::unavailable())
            } else {
                self.restorer.restore_held(&group).await.map(drop)
            };
            restored = Some(group.clone());
            if let Err(refusal) = outcome {
                let (failed, others) = left.into_iter().partition(|queued| queued.append.group == group);
                left = others;
                self.refuse_all(failed, &refusal);
            }
        }
    }

    async fn after_failed_append(&self, left: Vec<Queued>, error: BackplaneError) -> Vec<Queued> {
        if matches!(error, BackplaneError::OutOfMemory) {
            self.refuse_all(left, &error.into());
            return Vec::new();
        }
        tokio::time::sleep(RETRY_AFTER).await;
        // Those whose senders have been told `unavailable` meanwhile need no further try.
        left.into_iter().filter(|queued| self.acks.is_waited_for(&key_of(&queued.append))).collect()
    }

    fn refuse_all(&self, queued: Vec<Queued>, refusal: &Refusal) {
        for queued in queued {
            let anew = queued.on_demand && refusal.code == Code::NotFound;
            let refusal = if anew { Refusal::unavailable() } else { refusal.clone() };
            self.acks.answer(&key_of(&queued.append), &Err(refusal));
        }
    }

    fn appended(self: &Arc<Self>, queued: Queued, answer: Appended) {
        self.metrics.common.took(Stage::Append, queued.since.elapsed().as_secs_f64());
        let key = key_of(&queued.append);
        match answer {
            Appended::Accepted { .. } => self.acks.remember(),
            Appended::Seen { seq } => {
                let this = self.clone();
                self.tasks.spawn(async move { this.seen_before(queued, seq).await });
            }
            Appended::NotMember => {
                self.acks.answer(&key, &Err(Refusal::forbidden("you are not a member of this group")));
            }
            Appended::NotAdmin => {
                self.acks.answer(&key, &Err(Refusal::forbidden("only admins of this group may do this")));
            }
            Appended::Archived => drop(self.acks.answer(&key, &Err(Refusal::archived()))),
            Appended::Full => {
                self.acks.answer(&key, &Err(Refusal::overloaded("the hub is storing more than it can; try again")));
            }
            Appended::Unknown => {}
        }
    }

    /// A repeated send: what was lost is appended anew.
    async fn seen_before(self: Arc<Self>, queued: Queued, seq: crate::domain::Seq) {
        let Some(lost) = self.repeats.lost(queued, seq).await else { return };
        let key = key_of(&lost.append);
        if !self.enqueue(lost) {
            self.acks.answer(&key, &Err(Refusal::overloaded("too many messages wait for this group")));
        }
    }
}
