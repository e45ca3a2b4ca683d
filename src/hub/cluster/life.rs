//! Lives of a node: each with an epoch, an inbox and a lease of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::vitals::Vitals;
use crate::domain::{KINDS, Millis, NodeName, now_ms};
use crate::hub::local::LocalUsers;
use crate::hub::node::{NodeState, known};
use crate::hub::pipeline::owner::Owned;
use crate::ports::{BackplaneError, Beat, Cluster, Inboxes, NodeRecord, NodeRole, NodeRoles, NodeVitals, StartError};
use crate::protocol::{ServerFrame, pushes};

/// What a node says of itself, beside how it is doing.
#[derive(Debug, Clone)]
pub(crate) struct LifeConfig {
    pub(crate) public_url: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) capacity: u64,
    pub(crate) roles: NodeRoles,
    /// The followers that it runs.
    pub(crate) followers: BTreeSet<String>,
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
    vitals: Vitals,
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
        vitals: Vitals,
    ) -> Self {
        Self { cluster, inboxes, node, owned, users, config, vitals }
    }

    /// How long the lease lives without being renewed.
    pub(crate) fn lease(&self) -> Duration {
        self.config.lease
    }

    /// Whether each live node knows of the roles that this one leaves to others: it would count on this one otherwise.
    /// The error names those that do not; they are waited for, since an upgrade ends them.
    pub(crate) async fn check_roles(&self, now: Millis) -> Result<(), StartError> {
        let silent = |error: BackplaneError| StartError::NotYet(format!("Redis: {error}"));
        let lacking: Vec<&str> = self.config.roles.lacking().map(NodeRole::as_str).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let name = self.next_name(now).await.map_err(silent)?;
        // As one that leaves: nobody counts on it for anything meanwhile.
        let record = NodeRecord { draining: true, ..self.record(&name) };
        let beat = self.cluster.beat(&record, self.config.lease).await.map_err(silent)?;
        self.cluster.leave(&name, self.node.partitions()).await.map_err(silent)?;
        let unaware = |node: &&NodeRecord| lacking.iter().any(|role| !node.knows.roles.contains(*role));
        let unaware: Vec<&str> = beat.live.iter().filter(unaware).map(|node| node.node.base()).collect();
        if unaware.is_empty() {
            return Ok(());
        }
        let (who, lacking) = (unaware.join(", "), lacking.join(", "));
        let why = "of an older version that takes every node to have all roles; upgrade them with all roles first, or \
                   set node_roles to all";
        Err(StartError::NotYet(format!("this node is not to have {lacking}, and {who} run: {why}")))
    }

    /// Takes a new epoch: an inbox of its own, and a lease.
    pub(crate) async fn begin(&self, now: Millis) -> Result<(), BackplaneError> {
        let name = self.next_name(now).await?;
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

    async fn next_name(&self, now: Millis) -> Result<NodeName, BackplaneError> {
        // By the clock as well, so that epochs grow also when the backplane has forgotten them.
        let at_least = (now / 1_000).max(1) as u64;
        let epoch = self.cluster.next_epoch(self.node.base(), at_least).await?;
        NodeName::with_epoch(self.node.base(), epoch).map_err(|error| BackplaneError::Unexpected(error.to_string()))
    }

    /// What this node says of itself, as it is now.
    pub(crate) fn record(&self, name: &NodeName) -> NodeRecord {
        NodeRecord {
            node: name.clone(),
            public_url: self.config.public_url.clone(),
            zone: self.config.zone.clone(),
            connections: self.vitals.connections(),
            capacity: self.config.capacity,
            draining: self.node.is_draining(),
            roles: self.config.roles.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            since: name.as_str().rsplit('.').next().and_then(|epoch| epoch.parse::<Millis>().ok()).unwrap_or(0) * 1_000,
            vitals: NodeVitals { followers: self.node.followers_here(), ..self.vitals.told(now_ms()) },
            knows: known(&KINDS),
            passes: self.owned.passes(),
            followers: Some(self.config.followers.clone()),
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
        self.vitals.cluster.draining.set(1);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{MemoryCluster, MemoryInboxes, metrics, node, open_session};

    fn life(cluster: &Arc<MemoryCluster>, node: &Arc<NodeState>, users: Arc<LocalUsers>, roles: NodeRoles) -> NodeLife {
        let (zone, lease) = (Some("north".into()), Duration::from_secs(8));
        let config = LifeConfig { public_url: None, zone, capacity: 9, roles, followers: BTreeSet::new(), lease };
        let inboxes = Arc::<MemoryInboxes>::default();
        NodeLife::new(cluster.clone(), inboxes, node.clone(), Arc::default(), users, config, metrics().vitals())
    }

    #[tokio::test]
    async fn a_node_of_few_roles_waits_for_those_that_know_of_none() {
        let (cluster, node) = (Arc::<MemoryCluster>::default(), node());
        let of = |roles| life(&cluster, &node, Arc::default(), roles);
        let (all, some) = (of(NodeRoles::default()), of([NodeRole::Clients].into_iter().collect()));
        some.check_roles(1_000).await.unwrap();
        let mut aware = all.record(&record("b.1").node);
        aware.roles = [NodeRole::Owner].into_iter().collect();
        *cluster.others.lock() = vec![aware, record("c.1")];
        all.check_roles(2_000).await.unwrap();
        let Err(StartError::NotYet(why)) = some.check_roles(2_000).await else { panic!("c knows no roles") };
        assert!(why.contains("owner, followers, and c run"), "{why}");
        cluster.others.lock().pop();
        some.check_roles(3_000).await.unwrap();
        some.begin(4_000).await.unwrap();
        let seen = node.view();
        assert_eq!(seen.with(NodeRole::Clients).map(|node| node.node.base()).collect::<Vec<_>>(), ["a"]);
        assert!(!node.is_ownerless() && seen.nodes.iter().all(|node| !node.draining));
    }

    #[tokio::test]
    async fn a_life_begins_with_a_new_epoch_and_sessions_hear_what_all_nodes_know() {
        let (cluster, node, users) = (Arc::<MemoryCluster>::default(), node(), Arc::<LocalUsers>::default());
        let (_anna, ear) = open_session(&users, "anna");
        let life = life(&cluster, &node, users, NodeRoles::default());
        life.begin(7_000).await.unwrap();
        assert_eq!((node.name().to_string(), ear.texts().len()), ("a.7".into(), 1));
        assert_eq!(life.record(&node.name()).zone.as_deref(), Some("north"));
        cluster.others.lock().push(record("b.1"));
        life.saw(life.beat().await.unwrap().live, false);
        assert_eq!(ear.texts().len(), 1, "b knows less");
        life.announce_drain().await.unwrap();
        assert!(node.is_draining() && node.view().nodes.iter().any(|seen| seen.draining));
    }
}
