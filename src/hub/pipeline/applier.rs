//! What events do to others, and to their groups, applied in the store.

use std::sync::Arc;

use crate::domain::{Change, Effect, Event, GroupUpdate};
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::ports::{Due, DueStore, GroupStore, MessageStore, StoreError};

/// Events of a group that are stored at most before their effects are applied. Whoever restores a group applies those
/// of as many again, so none is forgotten with an owner that dies between the two.
pub(crate) const EFFECTS_BEHIND: usize = 1_000;

/// The follower that removes what stands beside messages that were deleted.
pub(crate) const ERASURE: &str = "erasure";

/// Applies effects of stored events.
pub(crate) struct EffectApplier {
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
    due: Arc<dyn DueStore>,
    metrics: PipelineMetrics,
}

// === impl EffectApplier ===

impl EffectApplier {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        due: Arc<dyn DueStore>,
        metrics: PipelineMetrics,
    ) -> Self {
        Self { messages, documents, due, metrics }
    }

    /// Applies the effects of events that were found stored: whoever stored them may not have come to it.
    pub(crate) async fn redo_effects(&self, events: &[Event]) -> Result<(), StoreError> {
        self.apply_of(events).await
    }

    /// Applies the effects of events that are stored.
    pub(crate) async fn apply_of(&self, events: impl IntoIterator<Item = &Event>) -> Result<(), StoreError> {
        let (mut effects, mut updates) = (Vec::new(), Vec::new());
        for event in events.into_iter().filter(|event| event.traits.fx > 0) {
            effects.extend(Effect::all_of(event));
            updates.extend(event.update().map(|update| (event, update)));
        }
        if !effects.is_empty() {
            self.apply(&effects).await?;
        }
        for (event, update) in updates {
            self.update(event, &update).await?;
        }
        Ok(())
    }

    /// Brings a group up to what admins set, but for what the store refuses now and always.
    async fn update(&self, event: &Event, update: &GroupUpdate) -> Result<(), StoreError> {
        match self.documents.apply_update(&event.group, event.seq, update).await {
            Err(StoreError::Refused(why)) => {
                self.metrics.refused_changes.inc();
                tracing::error!(group = %event.group, seq = event.seq, why, "the store refused a change of a group");
                Ok(())
            }
            answer => answer,
        }
    }

    /// Applies effects, and plans what is to follow on them later. An error is worth another try.
    async fn apply(&self, effects: &[Effect]) -> Result<(), StoreError> {
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
    use crate::hub::testing::{MemoryStore, metrics, text, updated};

    #[tokio::test]
    async fn effects_are_applied_and_nobody_waits_for_those_that_are_refused_for_good() {
        let group = GroupId::random();
        let store = Arc::new(MemoryStore::of(&group, &["anna"], []));
        let pin = Event {
            kind: Kind::Pinned,
            traits: Kind::Pinned.traits(),
            reference: Some(group.event_id(1)),
            data: Some([("on".to_owned(), true.into())].into_iter().collect()),
            ..text(&group, 2, "anna")
        };
        assert!(Effect::of(&pin).is_some());
        let metrics = metrics().pipeline;
        let applier = EffectApplier::new(store.clone(), store.clone(), store.clone(), metrics.clone());
        applier.redo_effects(&[text(&group, 1, "anna"), pin.clone()]).await.unwrap();
        assert_eq!(store.applied().len(), 1);
        let about = |seq, about: &str| {
            let update = GroupUpdate { about: Some(about.into()), ..GroupUpdate::default() };
            updated(&group, seq, &update)
        };
        applier.redo_effects(&[about(4, "leaves"), about(3, "bags")]).await.unwrap();
        assert_eq!(store.group(&group).await.unwrap().unwrap().settings.about, "leaves");
        store.refuse_effects();
        applier.redo_effects(&[pin.clone(), pin, about(5, "milk")]).await.unwrap();
        assert_eq!(metrics.refused_changes.get(), 3);
    }
}
