//! What events do to others, applied in the store.

use std::sync::Arc;

use crate::domain::{Change, Effect, Event};
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::ports::{Due, DueStore, MessageStore, StoreError};

/// Events of a group that are stored at most before their effects are applied. Whoever restores a group applies those
/// of as many again, so none is forgotten with an owner that dies between the two.
pub(crate) const EFFECTS_BEHIND: usize = 1_000;

/// The follower that removes what stands beside messages that were deleted.
pub(crate) const ERASURE: &str = "erasure";

/// Applies effects of stored events.
pub(crate) struct EffectApplier {
    messages: Arc<dyn MessageStore>,
    due: Arc<dyn DueStore>,
    metrics: PipelineMetrics,
}

// === impl EffectApplier ===

impl EffectApplier {
    pub(crate) fn new(messages: Arc<dyn MessageStore>, due: Arc<dyn DueStore>, metrics: PipelineMetrics) -> Self {
        Self { messages, due, metrics }
    }

    /// Applies the effects of events that were found stored: whoever stored them may not have come to it.
    pub(crate) async fn redo_effects(&self, events: &[Event]) -> Result<(), StoreError> {
        let effects: Vec<Effect> = events.iter().flat_map(Effect::all_of).collect();
        if effects.is_empty() { Ok(()) } else { self.apply(&effects).await }
    }

    /// Applies effects, and plans what is to follow on them later. An error is worth another try.
    pub(crate) async fn apply(&self, effects: &[Effect]) -> Result<(), StoreError> {
        self.apply_to_messages(effects).await?;
        let planned: Vec<Due> = effects.iter().filter_map(later).collect();
        if planned.is_empty() { Ok(()) } else { self.due.plan(&planned).await }
    }

    /// Applies them but for those that the store refuses by themselves, now and always: nobody waits for them.
    async fn apply_to_messages(&self, effects: &[Effect]) -> Result<(), StoreError> {
        match (self.messages.apply_effects(effects).await, effects) {
            (Err(StoreError::Refused(why)), [effect]) => {
                self.metrics.refused_changes.inc();
                let Effect { group, target, .. } = effect;
                tracing::error!(why, %group, target, "the store refused what an event does to another");
                Ok(())
            }
            (Err(StoreError::Refused(_)), many) => {
                let (some, others) = many.split_at(many.len() / 2);
                Box::pin(self.apply_to_messages(some)).await?;
                Box::pin(self.apply_to_messages(others)).await
            }
            (answer, _) => answer,
        }
    }
}

/// What a follower is to do about an effect.
fn later(effect: &Effect) -> Option<Due> {
    let Effect { group, target, change: Change::Erase(erasure) } = effect else { return None };
    Some(Due { follower: ERASURE.into(), group: group.clone(), window: *target, at: erasure.time, seq: *target })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{GroupId, Kind};
    use crate::hub::testing::{MemoryStore, metrics, text};

    #[tokio::test]
    async fn effects_are_applied_and_nobody_waits_for_those_that_are_refused_for_good() {
        let (store, group) = (Arc::<MemoryStore>::default(), GroupId::random());
        let pin = Event {
            kind: Kind::Pinned,
            traits: Kind::Pinned.traits(),
            reference: Some(group.event_id(1)),
            data: Some([("on".to_owned(), true.into())].into_iter().collect()),
            ..text(&group, 2, "anna")
        };
        assert!(Effect::of(&pin).is_some());
        let (metrics, applier) =
            (metrics().pipeline, |metrics| EffectApplier::new(store.clone(), store.clone(), metrics));
        let applier = applier(metrics.clone());
        applier.redo_effects(&[text(&group, 1, "anna"), pin.clone()]).await.unwrap();
        assert_eq!(store.applied().len(), 1);
        store.refuse_effects();
        applier.redo_effects(&[pin.clone(), pin]).await.unwrap();
        assert_eq!(metrics.refused_changes.get(), 2);
    }
}
