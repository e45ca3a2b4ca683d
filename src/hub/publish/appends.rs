//! Sends are appended in batches, those of each partition apart.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Hub, key_of};
use crate::domain::{Code, GroupId, Refusal};
use crate::hub::metrics::Stage;
use crate::kernel::Batcher;
use crate::ports::{Append, Appended, BackplaneError, Partition};

/// An append carries so many sends at most: a script that runs longer would hold others up.
const BATCH_MAX: usize = 256;
/// So many sends wait for one partition's append at most; beyond it the hub is overloaded.
const WAITING_MAX: usize = 8_192;
/// Between two tries while the backplane is out of reach.
pub(super) const RETRY_AFTER: Duration = Duration::from_millis(200);

/// What waits for the append of one partition.
pub(super) type AppendBatcher = Batcher<Queued>;

pub(super) struct Queued {
    pub(super) append: Append,
    pub(super) since: Instant,
    /// It was told `Seen`, found to be lost, and is on its second try.
    pub(super) again: bool,
    /// Its group is made where there is none, when it is sent again.
    pub(super) on_demand: bool,
}

/// A batcher for each of so many partitions.
pub(super) fn batchers(partitions: u16) -> Vec<AppendBatcher> {
    (0..partitions).map(|_| Batcher::bounded(BATCH_MAX, WAITING_MAX)).collect()
}

impl Hub {
    /// False when as many wait as may.
    pub(super) fn enqueue(self: &Arc<Self>, queued: Queued) -> bool {
        let partition = self.partition(&queued.append.group);
        let start = || {
            let hub = self.clone();
            self.spawn(async move { hub.run_appends(partition).await });
        };
        self.publisher.appends[usize::from(partition)].put(queued, start).is_ok()
    }

    async fn run_appends(self: Arc<Self>, partition: Partition) {
        let batcher = &self.publisher.appends[usize::from(partition)];
        batcher.run(|batch| self.append_batch(partition, batch)).await;
    }

    /// Appends a batch, in order; those of groups whose state was absent once more after restoring it.
    async fn append_batch(self: &Arc<Self>, partition: Partition, batch: Vec<Queued>) {
        let mut left = batch;
        let mut restored: Option<GroupId> = None;
        while !left.is_empty() {
            let appends: Vec<Append> = left.iter().map(|queued| queued.append.clone()).collect();
            let answers = match self.backplane.append(partition, &self.node.name(), &appends).await {
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
                self.restore_held(&group).await.map(drop)
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
        left.into_iter().filter(|queued| self.publisher.waiting.contains_key(&key_of(&queued.append))).collect()
    }

    fn refuse_all(&self, queued: Vec<Queued>, refusal: &Refusal) {
        for queued in queued {
            let anew = queued.on_demand && refusal.code == Code::NotFound;
            let refusal = if anew { Refusal::unavailable() } else { refusal.clone() };
            self.answer(&key_of(&queued.append), &Err(refusal));
        }
    }

    fn appended(self: &Arc<Self>, queued: Queued, answer: Appended) {
        self.metrics.took(Stage::Append, queued.since.elapsed().as_secs_f64());
        let key = key_of(&queued.append);
        match answer {
            Appended::Accepted { .. } => self.publisher.remembered.note(Instant::now()),
            Appended::Seen { seq } => {
                let hub = self.clone();
                self.spawn(async move { hub.seen_before(queued, seq).await });
            }
            Appended::NotMember => {
                self.answer(&key, &Err(Refusal::forbidden("you are not a member of this group")));
            }
            Appended::NotAdmin => {
                self.answer(&key, &Err(Refusal::forbidden("only admins of this group may do this")));
            }
            Appended::Full => {
                self.answer(&key, &Err(Refusal::overloaded("the hub is storing more than it can; try again")));
            }
            Appended::Unknown => {}
        }
    }
}
