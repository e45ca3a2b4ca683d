//! What follows from what is stored, before anybody is told of it: effects, documents, and states that have diverged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::RETRY;
use super::owned::Owned;
use super::settled::Settled;
use crate::domain::{Event, GroupId, Kind, Mark, MembershipChange, UserId};
use crate::hub::pipeline::applier::EffectApplier;
use crate::hub::pipeline::lives::remove_ended;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::pipeline::restore::Restorer;
use crate::ports::{CursorStore, GroupStore, StoreError};

/// Before a group is given an admin again whom the store refused.
const SUCCESSOR_AFTER: Duration = Duration::from_secs(1);

/// Sees to what follows from stored entries.
pub(crate) struct Aftermath {
    documents: Arc<dyn GroupStore>,
    marks: Arc<dyn CursorStore>,
    effects: Arc<EffectApplier>,
    restorer: Arc<Restorer>,
    owned: Arc<Owned>,
    metrics: PipelineMetrics,
}

// === impl Aftermath ===

impl Aftermath {
    pub(crate) fn new(
        documents: Arc<dyn GroupStore>,
        marks: Arc<dyn CursorStore>,
        effects: Arc<EffectApplier>,
        restorer: Arc<Restorer>,
        owned: Arc<Owned>,
        metrics: PipelineMetrics,
    ) -> Self {
        Self { documents, marks, effects, restorer, owned, metrics }
    }

    /// Does what follows; answers those whose partitions are still ours.
    pub(super) async fn apply(&self, settled: Vec<Settled>) -> Vec<Settled> {
        self.apply_effects(&settled).await;
        let settled = self.apply_changes(settled).await;
        self.mend_states(&settled);
        settled
    }

    /// Applies the effects of events that were found stored: whoever stored them may not have come to it.
    pub(super) async fn redo_effects(&self, events: &[Event]) -> Result<(), StoreError> {
        self.effects.redo_effects(events).await
    }

    /// Where the backplane's state of a group turns out not to be the store's, it is made so.
    fn mend_states(&self, settled: &[Settled]) {
        let mut diverged: HashMap<GroupId, (Vec<UserId>, Duration)> = HashMap::new();
        for one in settled.iter().filter(|one| one.has_diverged()) {
            let (users, pause) = diverged.entry(one.entry.group.clone()).or_default();
            users.extend(one.entry.users.iter().cloned());
            if one.entry.kind == Kind::Updated {
                // Then all that is stored counts as applied, and what became a void gives way.
                users.push(one.entry.from.clone());
            }
            if one.is_refused_successor() {
                *pause = SUCCESSOR_AFTER;
            }
        }
        for (group, (users, pause)) in diverged {
            self.restorer.reconcile_after(pause, group, users);
        }
    }

    /// Applies the effects of what is stored; tries until it is done, or none of it is ours any more.
    async fn apply_effects(&self, settled: &[Settled]) {
        let stored = settled.iter().flat_map(Settled::stored);
        let events: Vec<&Event> = stored.filter(|event| event.traits.fx > 0).collect();
        let mut retry = RETRY;
        while !events.is_empty() && settled.iter().any(|one| self.owned.holds(one.partition)) {
            match self.effects.apply_of(events.iter().copied()).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(%error, effects = events.len(), "what events do to others waits to be applied");
                }
            }
            retry.pause().await;
        }
    }

    /// Brings documents up to the membership events among what was stored, before anybody sees them.
    async fn apply_changes(&self, settled: Vec<Settled>) -> Vec<Settled> {
        let mut kept = Vec::with_capacity(settled.len());
        let mut lost = BTreeSet::new();
        for one in settled {
            let change = one.event.as_ref().and_then(|event| Some((event.clone(), event.membership()?)));
            if let Some((event, change)) = change {
                let mut retry = RETRY;
                while self.owned.holds(one.partition) && !self.apply_change(&event, &change).await {
                    retry.pause().await;
                }
            }
            if self.owned.holds(one.partition) {
                kept.push(one);
            } else {
                lost.insert(one.entry.group);
            }
        }
        remove_ended(&*self.documents, lost.into_iter()).await;
        kept
    }

    async fn apply_change(&self, event: &Event, change: &MembershipChange) -> bool {
        let applied = self.documents.apply_membership(&event.group, event.seq, change).await;
        let marked = match change {
            // Whoever joins has read what was said before.
            MembershipChange::Joined(users, _) => self.marks.raise_marks(&joining_marks(event, users)).await,
            _ => Ok(()),
        };
        let outcomes = [applied, marked].map(|outcome| self.is_applied(event, outcome));
        outcomes.into_iter().all(|applied| applied)
    }

    /// Whether no more can be done for a change. What the store refuses once it refuses always: everybody else
    /// must not wait for it.
    fn is_applied(&self, event: &Event, outcome: Result<(), StoreError>) -> bool {
        let Err(error) = outcome else { return true };
        let (group, seq) = (&event.group, event.seq);
        match error {
            StoreError::Refused(why) => {
                self.metrics.refused_changes.inc();
                tracing::error!(%group, seq, why, "the store refused a membership change");
                true
            }
            StoreError::Unreachable(why) => {
                tracing::warn!(%group, seq, why, "a membership change waits to be applied");
                false
            }
        }
    }
}

fn joining_marks(event: &Event, users: &[UserId]) -> Vec<(UserId, GroupId, Mark)> {
    let mark = Mark { read: event.seq, n: event.n, delivered: event.seq };
    users.iter().map(|user| (user.clone(), event.group.clone(), mark)).collect()
}
