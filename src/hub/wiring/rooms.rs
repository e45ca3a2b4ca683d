//! All rooms of a node, and what runs in them.

use std::sync::Arc;

use tokio::time::Instant;

use super::cluster::ClusterParts;
use super::features::Features;
use super::followers::followers;
use super::groups::Groups;
use super::parts::Parts;
use super::pipeline::Pipeline;
use super::sessions::SessionParts;
use crate::domain::now_ms;
use crate::hub::above::Above;
use crate::hub::followers::Followers;
use crate::hub::front::{Dispatch, Front};
use crate::hub::observe::{Observer, Probe, Readiness};
use crate::ports::{BackplaneError, NodeRole};

/// The rooms.
pub(crate) struct Rooms {
    pub(crate) parts: Parts,
    pub(crate) sessions: SessionParts,
    pub(crate) cluster: ClusterParts,
    pub(crate) features: Features,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) observer: Arc<Observer>,
    pub(crate) front: Arc<Front>,
    pipeline: Pipeline,
    probe: Arc<Probe>,
    pub(crate) followers: Followers,
    /// Whom upcalls reach.
    pub(crate) above: Arc<Above>,
}

// === impl Rooms ===

impl Rooms {
    pub(crate) fn new(parts: Parts) -> Self {
        let pipeline = Pipeline::new(&parts);
        let groups = Groups::new(&parts, &pipeline);
        let sessions = SessionParts::new(&parts, &groups);
        let cluster = ClusterParts::new(&parts, &pipeline, &groups, &sessions);
        let features = Features::new(&parts, &pipeline, &groups, &sessions);
        let above = Arc::new(above(&parts, &pipeline, &groups, &cluster, &features));
        let readiness = readiness(&parts);
        Self {
            observer: observer(&parts, &readiness, &cluster),
            probe: probe(&parts, &pipeline),
            followers: followers(&parts, &pipeline),
            front: Arc::new(front(&parts, &sessions, &features)),
            readiness,
            pipeline,
            sessions,
            cluster,
            features,
            above,
            parts,
        }
    }

    /// Registers the node and starts its tasks.
    pub(crate) async fn start(&self) -> Result<(), BackplaneError> {
        self.cluster.life.begin(now_ms()).await?;
        let tasks = &self.parts.tasks;
        // Whom upcalls reach lives as long as the node's tasks do.
        let above = self.above.clone();
        tasks.spawn(async move {
            let _kept = above;
            std::future::pending::<()>().await;
        });
        tasks.spawn(self.cluster.beats.clone().run());
        tasks.spawn(self.pipeline.inbox.clone().run());
        let roles = &self.parts.config.roles;
        if roles.has(NodeRole::Owner) {
            tasks.spawn(self.pipeline.leases.clone().run());
            if let Some(owner) = self.pipeline.owner.lock().take() {
                tasks.spawn(owner.run());
            }
        }
        tasks.spawn(self.pipeline.heads.clone().run());
        tasks.spawn(self.pipeline.acks.clone().run_send_deadlines());
        tasks.spawn(self.features.presence.clone().run_presence());
        tasks.spawn(self.features.presence.clone().run_departures());
        tasks.spawn(self.features.receipts.clone().run());
        tasks.spawn(self.cluster.sweeper.clone().run(self.parts.config.sweep_every));
        tasks.spawn(self.observer.clone().run_history());
        tasks.spawn(self.probe.clone().run());
        self.followers.start();
        Ok(())
    }

    /// Hands everything over and ends, in named phases, within the drain deadline.
    pub(crate) async fn drain(&self) {
        let deadline = Instant::now() + self.parts.config.drain_deadline;
        self.cluster.drain.hand_over(deadline).await;
        tracing::info!(phase = "marks", "draining: read marks");
        self.features.receipts.write_all().await;
        tracing::info!(phase = "heads", "draining: heads in groups' documents");
        self.pipeline.heads.flush().await;
        self.features.presence.write_departures(Instant::now() + self.parts.config.marks_every).await;
        tracing::info!(phase = "followers", "draining: followers end");
        self.followers.release_all().await;
        self.cluster.drain.leave(deadline).await;
    }
}

fn above(parts: &Parts, pipeline: &Pipeline, groups: &Groups, cluster: &ClusterParts, features: &Features) -> Above {
    Above {
        acks: pipeline.acks.clone(),
        deliverer: groups.deliverer.clone(),
        lives: groups.lives.clone(),
        attacher: groups.attacher.clone(),
        comparisons: groups.comparisons.clone(),
        node: parts.node.clone(),
        orders: cluster.orders.clone(),
        presence: features.presence.clone(),
        watchers: features.watchers.clone(),
        watching: features.watching.clone(),
        users: parts.users.clone(),
        receipts: features.receipts.clone(),
        marks: parts.waiting_marks.clone(),
        typing: features.typing.clone(),
        moderation: features.moderation.clone(),
        takeover: features.takeover.clone(),
        logins: features.logins.clone(),
        profiles: features.profiles.clone(),
        tasks: parts.tasks.clone(),
    }
}

fn readiness(parts: &Parts) -> Arc<Readiness> {
    let (node, cluster, metrics) = (parts.node.clone(), parts.cluster.clone(), parts.metrics.sessions.clone());
    let config = &parts.config;
    let capacity = config.roles.has(NodeRole::Clients).then_some(config.max_connections);
    Arc::new(Readiness::new(node, cluster, metrics, capacity, config.node_lease))
}

fn observer(parts: &Parts, readiness: &Arc<Readiness>, cluster: &ClusterParts) -> Arc<Observer> {
    let (life, log, node) = (cluster.life.clone(), parts.log.clone(), parts.node.clone());
    Arc::new(Observer::new(readiness.clone(), life, parts.cluster.clone(), log, node))
}

fn probe(parts: &Parts, pipeline: &Pipeline) -> Arc<Probe> {
    let (messages, node, metrics) = (parts.messages.clone(), parts.node.clone(), parts.metrics.probe.clone());
    Arc::new(Probe::new(pipeline.publisher.clone(), messages, node, metrics, parts.config.probe))
}

fn front(parts: &Parts, sessions: &SessionParts, features: &Features) -> Front {
    let dispatch = Dispatch {
        sending: features.sending.clone(),
        receipts: features.receipts.clone(),
        typing: features.typing.clone(),
        history: features.history.clone(),
        pins: features.pins.clone(),
        reactions: features.reactions.clone(),
        seen: features.seen.clone(),
        lists: features.lists.clone(),
        group_look: features.group_look.clone(),
        new_groups: features.new_groups.clone(),
        membership: features.membership.clone(),
        settings: features.settings.clone(),
        watching: features.watching.clone(),
        profiles: features.profiles.clone(),
        look: features.look.clone(),
        search: features.search.clone(),
        logins: features.logins.clone(),
        user_deletion: features.user_deletion.clone(),
        invites: features.invites.clone(),
    };
    Front {
        dispatch,
        admission: sessions.admission.clone(),
        sessions: sessions.sessions.clone(),
        metrics: parts.metrics.common.clone(),
        rate: parts.config.session_rate,
    }
}
