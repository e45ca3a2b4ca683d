//! One group is worked on.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;

use super::assignment::Assignment;
use super::follower::Failure;
use super::metrics::{FollowerMetrics, OneFollower};
use super::pages::{PageError, Pages};
use super::wants::Reason;
use crate::domain::{Code, GroupId, Seq};
use crate::hub::pipeline::restore::Restorer;
use crate::ports::{Done, Extent, FollowerStore};

/// What is to be worked on in a group.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) extent: Extent,
    /// How far it has come.
    pub(super) head: Seq,
    /// How far the follower has come.
    pub(super) done: Done,
    /// Whether its hole is to be filled.
    pub(super) fill: bool,
}

/// Works on groups, for whatever follower.
pub(super) struct Work {
    store: Arc<dyn FollowerStore>,
    pages: Pages,
    restorer: Arc<Restorer>,
    metrics: FollowerMetrics,
}

/// Why a group could not be worked on.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("nothing is stored under seq {0}")]
    Hole(Seq),
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error("it panicked: {0}")]
    Panicked(String),
}

// === impl Work ===

impl Work {
    pub(super) fn new(
        store: Arc<dyn FollowerStore>,
        pages: Pages,
        restorer: Arc<Restorer>,
        metrics: FollowerMetrics,
    ) -> Self {
        Self { store, pages, restorer, metrics }
    }

    /// Has the follower work on what it lacks of a group. Whatever comes of it, the group waits no more, or for another
    /// try.
    pub(super) async fn carry_out(&self, assignment: &Assignment, plan: Plan) {
        let (follower, group) = (assignment.follower.name(), plan.extent.group.clone());
        let metrics = self.metrics.of(follower);
        let worked = AssertUnwindSafe(self.bring_up(assignment, plan, &metrics)).catch_unwind().await;
        let Err(trouble) = worked.unwrap_or_else(|panic| Err(Trouble::Panicked(said(&*panic)))) else {
            return assignment.finish(&group);
        };
        metrics.failures.inc();
        let hole = matches!(trouble, Trouble::Hole(_));
        if hole {
            assignment.ask_comparison(Reason::Hole);
        }
        tracing::warn!(follower, %group, %trouble, "a follower tries a group again later");
        assignment.fail(&group, hole);
    }

    async fn bring_up(&self, assignment: &Assignment, plan: Plan, metrics: &OneFollower) -> Result<(), Trouble> {
        let Plan { extent: Extent { group, mut first, .. }, head, mut done, fill } = plan;
        if fill {
            self.fill(&group).await?;
        }
        loop {
            if first > done.first.max(1) {
                assignment.follower.expired(&group, first).await?;
                done.first = first;
            }
            // What was removed is not waited for.
            done.seq = done.seq.max(first.saturating_sub(1));
            assignment.reached(&group, done);
            if done.seq >= head {
                return Ok(());
            }
            match self.pages.read(&group, done.seq, head).await {
                Ok(events) => {
                    assignment.follower.events(&group, &events).await?;
                    metrics.events.inc_by(events.len() as u64);
                    done.seq += events.len() as Seq;
                }
                Err(PageError::Store(error)) => return Err(Failure::from(error).into()),
                Err(PageError::Hole(seq)) => match self.first_of(&group).await? {
                    // It is being deleted, which leaves a move when it is done.
                    None => return Ok(()),
                    Some(now) if now > seq => first = now,
                    Some(_) => return Err(Trouble::Hole(seq)),
                },
            }
        }
    }

    /// The least seq of a group that is stored now.
    async fn first_of(&self, group: &GroupId) -> Result<Option<Seq>, Trouble> {
        let extents = self.store.extents(std::slice::from_ref(group)).await.map_err(Failure::from)?;
        Ok(extents.first().map(|extent| extent.first))
    }

    /// Has voids put where nothing is stored, and nothing will be.
    async fn fill(&self, group: &GroupId) -> Result<(), Trouble> {
        match self.restorer.restore(group).await {
            Err(refusal) if refusal.code != Code::NotFound => Err(Failure::Other(refusal.message.into()).into()),
            _ => Ok(()),
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
