//! Followers, put together.

use std::sync::Arc;

use super::parts::Parts;
use super::pipeline::Pipeline;
use crate::hub::features::erasure::Cleaner;
use crate::hub::features::history::Retention;
use crate::hub::features::journal::JournalKeeper;
use crate::hub::followers::{Follower, Followers, Ground};

pub(crate) fn followers(parts: &Parts, pipeline: &Pipeline) -> Followers {
    let ground = Ground {
        store: parts.followers.clone(),
        due: parts.due.clone(),
        messages: parts.messages.clone(),
        health: parts.health.clone(),
        states: parts.states.clone(),
        leases: parts.follower_leases.clone(),
        restorer: pipeline.restorer.clone(),
        node: parts.node.clone(),
        tasks: parts.tasks.clone(),
        clock: parts.clock.clone(),
        metrics: parts.metrics.followers.clone(),
        lease: parts.config.node_lease,
    };
    let all = [retention(parts), journal(parts), Some(cleaner(parts))].into_iter().flatten();
    Followers::new(ground, all.filter(|follower| parts.runs_follower(follower.name())).collect())
}

fn cleaner(parts: &Parts) -> Arc<dyn Follower> {
    Arc::new(Cleaner::new(parts.messages.clone()))
}

fn retention(parts: &Parts) -> Option<Arc<dyn Follower>> {
    Some(Arc::new(Retention::new(
        parts.messages.clone(),
        parts.due.clone(),
        parts.states.clone(),
        parts.node.clone(),
        parts.clock.clone(),
        parts.config.retention?,
    )))
}

fn journal(parts: &Parts) -> Option<Arc<dyn Follower>> {
    Some(Arc::new(JournalKeeper::new(parts.journal.clone()?)))
}
