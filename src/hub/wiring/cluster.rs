//! The node among the others, put together.

use std::sync::Arc;

use super::groups::Groups;
use super::parts::Parts;
use super::pipeline::Pipeline;
use super::sessions::SessionParts;
use crate::hub::cluster::{Beats, Drain, DrainOrders, LifeConfig, NodeLife, Reaper, Sweeper};

pub(crate) struct ClusterParts {
    pub(crate) life: Arc<NodeLife>,
    pub(crate) beats: Arc<Beats>,
    pub(crate) sweeper: Arc<Sweeper>,
    pub(crate) orders: Arc<DrainOrders>,
    pub(crate) drain: Drain,
}

// === impl ClusterParts ===

impl ClusterParts {
    pub(crate) fn new(parts: &Parts, pipeline: &Pipeline, groups: &Groups, sessions: &SessionParts) -> Self {
        let life = life(parts, pipeline);
        let reaper = Reaper::new(
            parts.cluster.clone(),
            parts.node.clone(),
            parts.upcalls.clone(),
            parts.metrics.cluster.clone(),
        );
        let beats = Beats::new(
            life.clone(),
            Arc::new(reaper),
            sessions.registration.clone(),
            groups.comparisons.clone(),
            parts.node.clone(),
            parts.metrics.cluster.clone(),
            parts.tasks.clone(),
        );
        let sweeper = Sweeper::new(
            parts.states.clone(),
            parts.groups.clone(),
            parts.node.clone(),
            pipeline.restorer.clone(),
            groups.catch_up.clone(),
            groups.comparisons.clone(),
            parts.tasks.clone(),
        );
        let drain = Drain::new(
            life.clone(),
            pipeline.leases.clone(),
            pipeline.owned.clone(),
            parts.users.clone(),
            pipeline.acks.clone(),
            parts.node.clone(),
            parts.tasks.clone(),
        );
        let orders = Arc::new(DrainOrders::new(pipeline.peers.clone(), parts.node.clone()));
        Self { life, beats: Arc::new(beats), sweeper: Arc::new(sweeper), orders, drain }
    }
}

fn life(parts: &Parts, pipeline: &Pipeline) -> Arc<NodeLife> {
    let config = LifeConfig {
        public_url: parts.config.client_url(),
        zone: parts.config.zone.clone(),
        capacity: parts.config.capacity(),
        roles: parts.config.roles.clone(),
        followers: parts.follower_names(),
        lease: parts.config.node_lease,
    };
    Arc::new(NodeLife::new(
        parts.cluster.clone(),
        parts.inboxes.clone(),
        parts.node.clone(),
        pipeline.owned.clone(),
        parts.users.clone(),
        config,
        parts.metrics.vitals(),
    ))
}
