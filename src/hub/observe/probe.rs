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

#[cfg(test)]
mod tests {
    use prometheus::Registry;

    use super::*;
    use crate::domain::Refusal;
    use crate::hub::testing::{Bed, MemoryStore, key_of, until};
    use crate::hub::wiring::Metrics;

    const EVERY: Duration = Duration::from_secs(5);

    /// A node that probes itself, and whether a probe came back, and how many did not.
    fn probing(config: ProbeConfig) -> (Bed, impl Fn() -> (bool, u64)) {
        let (bed, registry) = (Bed::new(MemoryStore::default()), Registry::new());
        let metrics = Metrics::register(&registry).unwrap().probe;
        let probe = Probe::new(bed.publisher(), bed.store.clone(), bed.node.clone(), metrics, config);
        bed.tasks.spawn(Arc::new(probe).run());
        let told = move || {
            let value = |name: &str| {
                let families = registry.gather();
                let family = families.iter().find(|family| family.name().ends_with(name)).unwrap();
                let metric = &family.get_metric()[0];
                metric.get_counter().get_value() + metric.get_gauge().get_value()
            };
            (value("probe_last_success_timestamp_seconds") > 0.0, value("probe_failures_total") as u64)
        };
        (bed, told)
    }

    /// The next probe, where there is one.
    async fn sent(bed: &Bed) -> Append {
        until(|| !bed.log.appended.lock().is_empty()).await;
        bed.log.appended.lock().remove(0)
    }

    #[tokio::test(start_paused = true)]
    async fn one_goes_out_at_a_time_and_what_came_of_it_is_told() {
        let (bed, told) = probing(ProbeConfig { every: Some(EVERY), stored: true });
        let first = sent(&bed).await;
        assert_eq!((&first.from, &first.group), (&UserId::probe(), &GroupId::probe("a", &UserId::probe())));
        tokio::time::sleep(EVERY * 3).await;
        assert!(bed.log.appended.lock().is_empty(), "the first is still under way");
        bed.acks.answer(&key_of(&first), &Err(Refusal::unavailable()));
        let second = sent(&bed).await;
        assert_eq!(told(), (false, 1));
        bed.acks.resolve_key(&key_of(&second), 2, 2);
        until(|| told() == (true, 1)).await;
        assert_ne!(first.cid, second.cid);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_drains_sends_itself_nothing_more() {
        let (bed, told) = probing(ProbeConfig { every: Some(EVERY), stored: true });
        bed.node.drain();
        tokio::time::sleep(EVERY * 3).await;
        assert_eq!((bed.log.appended.lock().len(), told()), (0, (false, 0)));
    }

    #[tokio::test(start_paused = true)]
    async fn stored_probes_are_removed_when_they_are_old_and_passing_ones_leave_nothing() {
        for stored in [true, false] {
            let (bed, _) = probing(ProbeConfig { every: Some(EVERY), stored });
            let begun = Instant::now();
            while begun.elapsed() < TIDY_EVERY + EVERY * 2 {
                let probe = sent(&bed).await;
                assert_eq!(probe.from.is_passing_probe(), !stored);
                bed.acks.resolve_key(&key_of(&probe), 1, 1);
            }
            let expired: Vec<_> = bed.store.take_expired().into_iter().map(|(group, _)| group).collect();
            let own = GroupId::probe("a", &UserId::probe());
            assert_eq!(expired, if stored { vec![own] } else { vec![] });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_wants_no_probes_has_none() {
        let (bed, _) = probing(ProbeConfig { every: None, stored: true });
        tokio::time::sleep(EVERY * 3).await;
        assert!(bed.log.appended.lock().is_empty());
    }
}
