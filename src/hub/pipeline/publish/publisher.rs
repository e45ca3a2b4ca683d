//! The door of the pipeline: sends come in.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::acks::{Acks, Reply, Stored, key_of};
use super::appends::Appends;
use super::repeats::Queued;
use crate::domain::Refusal;
use crate::hub::metrics::Metrics;
use crate::ports::Append;

/// Takes sends in.
pub(crate) struct Publisher {
    acks: Arc<Acks>,
    appends: Arc<Appends>,
    metrics: Metrics,
}

// === impl Publisher ===

impl Publisher {
    pub(crate) fn new(acks: Arc<Acks>, appends: Arc<Appends>, metrics: Metrics) -> Self {
        Self { acks, appends, metrics }
    }

    /// Takes a send in. The answer goes to `reply`, once it is stored or refused.
    ///
    /// `on_demand`: its group is made where there is none, when it is sent again.
    pub(crate) fn publish(&self, append: Append, reply: Reply, on_demand: bool) {
        let key = key_of(&append);
        self.metrics.accepted.inc();
        if !self.acks.wait(key.clone(), reply) {
            return;
        }
        if !self.appends.enqueue(Queued { append, since: Instant::now(), again: false, on_demand }) {
            self.acks.answer(&key, &Err(Refusal::overloaded("too many messages wait for this group; try again")));
        }
    }

    /// Sends and waits for the answer.
    pub(crate) async fn publish_and_wait(&self, append: Append) -> Result<Stored, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.publish(append, Reply::Call(sender), false);
        receiver.await.unwrap_or_else(|_| Err(Refusal::unavailable()))
    }
}
