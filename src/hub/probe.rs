//! The node's own probe: every few seconds a message to itself through the whole pipeline.
//!
//! It goes the way of everybody's sends (log, owner, store, commit, inbox), so it tells what users
//! would see also when there are none. Its group has no members and no document: no list names it,
//! nobody is a member of it, and its state is restored from its head alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Hub;
use super::codec::Body;
use crate::domain::{Access, Base, Cid, Group, GroupId, GroupKind, Kind, Millis, UserId, now_ms};
use crate::ports::{Append, Standing};

/// Stored probes are of no use once they are measured; this many are kept to look at.
const KEPT: Duration = Duration::from_secs(600);
/// How often those that are older are removed.
const TIDY_EVERY: Duration = Duration::from_secs(600);

/// How a node probes itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeConfig {
    /// From one probe to the next; `None` for none at all.
    pub every: Option<Duration>,
    /// Whether probes are stored like everybody's messages. Otherwise they show everything but the
    /// store.
    pub stored: bool,
}

impl Default for ProbeConfig {
    fn default() -> Self {
        // Often enough to see what lasts 10 s, and 17,000 messages a day are nothing.
        Self { every: Some(Duration::from_secs(5)), stored: true }
    }
}

// === impl ProbeConfig ===

impl ProbeConfig {
    fn sender(self) -> UserId {
        if self.stored { UserId::probe() } else { UserId::passing_probe() }
    }
}

impl Hub {
    /// Probes for as long as the node runs, one at a time.
    pub(crate) async fn run_probe(self: Arc<Self>) {
        let config = self.config.probe;
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
            self.probe_once(&config.sender()).await;
            if config.stored && tidied.elapsed() >= TIDY_EVERY {
                tidied = Instant::now();
                self.tidy_probes().await;
            }
        }
    }

    async fn probe_once(self: &Arc<Self>, sender: &UserId) {
        let group = self.probe_group(sender);
        let body = Body::new(Some("probe".into()), None, None).encode();
        let (kind, from, cid) = (Kind::Text, sender.clone(), Cid::random());
        let append = Append { group, from, cid, kind, traits: kind.traits(), body, standing: Standing::Anybody };
        let started = Instant::now();
        match self.publish_and_wait(append).await {
            Ok(_) => self.metrics.probe_succeeded(started.elapsed().as_secs_f64(), now_ms()),
            Err(refusal) => {
                self.metrics.probe_failures.inc();
                tracing::warn!(%refusal, "the node's message to itself did not come back");
            }
        }
    }

    async fn tidy_probes(&self) {
        let before = now_ms() - KEPT.as_millis() as Millis;
        if let Err(error) = self.store.expire(&self.probe_group(&UserId::probe()), before).await {
            tracing::debug!(%error, "old messages of the node to itself stay for now");
        }
    }

    fn probe_group(&self, sender: &UserId) -> GroupId {
        GroupId::probe(&self.config.node, sender)
    }

    /// The document of this node's own probe group, which is in no store: it has no members, and
    /// no holes that would matter. `None` for every other group.
    pub(crate) fn probe_document(&self, id: &GroupId) -> Option<Group> {
        let own = [UserId::probe(), UserId::passing_probe()].iter().any(|sender| *id == self.probe_group(sender));
        own.then(|| Group {
            id: id.clone(),
            kind: GroupKind::Group,
            name: String::new(),
            access: Access::Members,
            members: Vec::new(),
            version: 0,
            created: 0,
            first: 1,
            base: Base::default(),
        })
    }
}
