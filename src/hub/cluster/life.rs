//! Lives of a node: each with an epoch, an inbox and a lease of its own.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{KINDS, Millis, NodeName, now_ms};
use crate::hub::local::LocalUsers;
use crate::hub::metrics::Metrics;
use crate::hub::node::{NodeState, known};
use crate::hub::pipeline::owner::Owned;
use crate::ports::{BackplaneError, Beat, Cluster, Inboxes, NodeRecord};
use crate::protocol::{ServerFrame, pushes};

/// What a node says of itself, beside how it is doing.
#[derive(Debug, Clone)]
pub(crate) struct LifeConfig {
    pub(crate) public_url: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) capacity: u64,
    /// How long the lease lives without being renewed.
    pub(crate) lease: Duration,
}

/// The node's present life.
pub(crate) struct NodeLife {
    cluster: Arc<dyn Cluster>,
    inboxes: Arc<dyn Inboxes>,
    node: Arc<NodeState>,
    owned: Arc<Owned>,
    users: Arc<LocalUsers>,
    config: LifeConfig,
    metrics: Metrics,
}

// === impl NodeLife ===

impl NodeLife {
    pub(crate) fn new(
        cluster: Arc<dyn Cluster>,
        inboxes: Arc<dyn Inboxes>,
        node: Arc<NodeState>,
        owned: Arc<Owned>,
        users: Arc<LocalUsers>,
        config: LifeConfig,
        metrics: Metrics,
    ) -> Self {
        Self { cluster, inboxes, node, owned, users, config, metrics }
    }

    /// How long the lease lives without being renewed.
    pub(crate) fn lease(&self) -> Duration {
        self.config.lease
    }

    /// Takes a new epoch: an inbox of its own, and a lease.
    pub(crate) async fn begin(&self, now: Millis) -> Result<(), BackplaneError> {
        // By the clock as well, so that epochs grow also when the backplane has forgotten them.
        let at_least = (now / 1_000).max(1) as u64;
        let epoch = self.cluster.next_epoch(self.node.base(), at_least).await?;
        let name = NodeName::with_epoch(self.node.base(), epoch)
            .map_err(|error| BackplaneError::Unexpected(error.to_string()))?;
        self.inboxes.open_inbox(&name).await?;
        let beat = self.cluster.beat(&self.record(&name), self.config.lease).await?;
        self.node.begin_life(name.clone());
        if self.node.saw(beat.live, now_ms()).features {
            self.tell_features();
        }
        self.owned.look_now();
        tracing::info!(node = %name, "registered");
        Ok(())
    }

    /// What this node says of itself, as it is now.
    pub(crate) fn record(&self, name: &NodeName) -> NodeRecord {
        NodeRecord {
            node: name.clone(),
            public_url: self.config.public_url.clone(),
            zone: self.config.zone.clone(),
            connections: self.metrics.sessions.get().max(0) as u64,
            capacity: self.config.capacity,
            draining: self.node.is_draining(),
            version: env!("CARGO_PKG_VERSION").into(),
            since: name.as_str().rsplit('.').next().and_then(|epoch| epoch.parse::<Millis>().ok()).unwrap_or(0) * 1_000,
            vitals: self.metrics.vitals(now_ms()),
            knows: known(&KINDS),
            passes: self.owned.passes(),
        }
    }

    /// Renews the node's lease, and looks at the others.
    pub(crate) async fn beat(&self) -> Result<Beat, BackplaneError> {
        self.cluster.beat(&self.record(&self.node.name()), self.config.lease).await
    }

    /// Keeps what a beat told of the others; `asked` for without waiting for the next one.
    pub(crate) fn saw(&self, live: Vec<NodeRecord>, asked: bool) {
        let changes = self.node.saw(live, now_ms());
        if changes.choices || asked {
            self.owned.look_now();
        }
        if changes.features {
            self.tell_features();
        }
    }

    /// The node takes no new clients from now on, and the others are told so.
    pub(crate) async fn announce_drain(&self) -> Result<(), BackplaneError> {
        self.node.drain();
        self.metrics.draining.set(1);
        let beat = self.beat().await?;
        self.node.saw(beat.live, now_ms());
        Ok(())
    }

    /// Leaves in good order.
    pub(crate) async fn leave(&self) -> Result<(), BackplaneError> {
        self.cluster.leave(&self.node.name(), self.node.partitions()).await
    }

    /// Tells every session of the node what the features are now. A session that begins meanwhile hears it in its
    /// `welcome`, or right after it.
    fn tell_features(&self) {
        let view = self.node.view();
        self.users.tell_all(&ServerFrame::Features(pushes::Features { features: view.features.names() }));
    }
}
