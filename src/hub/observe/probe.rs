//! The node's own probe: every few seconds a message to itself through the whole pipeline.
//!
//! It goes the way of everybody's sends (log, owner, store, commit, inbox), so it tells what users
//! would see also when there are none. Its group has no members and no document: no list names it,
//! nobody is a member of it, and its state is restored from its head alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::metrics::ProbeMetrics;
use crate::domain::{Cid, GroupId, Kind, Millis, UserId, now_ms};
use crate::hub::codec::Body;
use crate::hub::config::ProbeConfig;
use crate::hub::node::NodeState;
use crate::hub::pipeline::publish::Publisher;
use crate::ports::{Append, MessageStore, Standing};

/// Stored probes are of no use once they are measured; this many are kept to look at.
const KEPT: Duration = Duration::from_secs(600);
/// How often those that are older are removed.
const TIDY_EVERY: Duration = Duration::from_secs(600);

/// Probes the node.
pub(crate) struct Probe {
    publisher: Arc<Publisher>,
    messages: Arc<dyn MessageStore>,
    node: Arc<NodeState>,
    metrics: ProbeMetrics,
    config: ProbeConfig,
}

// === impl Probe ===

impl Probe {
    pub(crate) fn new(
        publisher: Arc<Publisher>,
        messages: Arc<dyn MessageStore>,
        node: Arc<NodeState>,
        metrics: ProbeMetrics,
        config: ProbeConfig,
    ) -> Self {
        Self { publisher, messages, node, metrics, config }
    }

    /// Probes for as long as the node runs, one at a time.
    pub(crate) async fn run(self: Arc<Self>) {
        let config = self.config;
        let Some(every) = config.every else { return };
        let mut tick = tokio::time::interval_at(Instant::now() + every, every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut tidied = Instant::now();
        loop {
            tick.tick().await;
            // A node that drains sends nothing more, and should not wait for itself.
            if self.node.is_draining() {
                return;
            }
            self.probe_once(&sender(config)).await;
            if config.stored && tidied.elapsed() >= TIDY_EVERY {
                tidied = Instant::now();
                self.tidy_probes().await;
            }
        }
    }

    async fn probe_once(&self, sender: &UserId) {
        let group = self.probe_group(sender);
        let body = Body::new(Some("probe".into()), None, None).encode();
        let (kind, from, cid) = (Kind::Text, sender.clone(), Cid::random());
        let append = Append { group, from, cid, kind, traits: kind.traits(), body, standing: Standing::Anybody };
        let started = Instant::now();
        match self.publisher.publish_and_wait(append).await {
            Ok(_) => self.metrics.succeeded(started.elapsed().as_secs_f64(), now_ms()),
            Err(refusal) => {
                self.metrics.failed();
                tracing::warn!(%refusal, "the node's message to itself did not come back");
            }
        }
    }

    async fn tidy_probes(&self) {
        let before = now_ms() - KEPT.as_millis() as Millis;
        if let Err(error) = self.messages.expire(&self.probe_group(&UserId::probe()), before).await {
            tracing::debug!(%error, "old messages of the node to itself stay for now");
        }
    }

    fn probe_group(&self, sender: &UserId) -> GroupId {
        GroupId::probe(self.node.base(), sender)
    }
}

fn sender(config: ProbeConfig) -> UserId {
    if config.stored { UserId::probe() } else { UserId::passing_probe() }
}
