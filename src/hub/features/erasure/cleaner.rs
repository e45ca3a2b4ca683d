//! Removes rows that stand under deleted messages.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::{Event, GroupId, Seq};
use crate::hub::followers::{Begins, Failure, Follower};
use crate::hub::pipeline::applier::ERASURE;
use crate::ports::{Due, MessageStore};

/// Reads leave out what it removes, so nobody waits for it. Whoever applied a deletion has planned it, before anybody
/// was told.
pub(crate) struct Cleaner {
    messages: Arc<dyn MessageStore>,
}

// === impl Cleaner ===

impl Cleaner {
    pub(crate) fn new(messages: Arc<dyn MessageStore>) -> Self {
        Self { messages }
    }
}

#[async_trait]
impl Follower for Cleaner {
    fn name(&self) -> &'static str {
        ERASURE
    }

    fn begins(&self) -> Begins {
        Begins::Now
    }

    /// Few events delete others: to read all of them would be for nothing.
    fn is_told(&self) -> bool {
        false
    }

    async fn events(&self, _: &GroupId, _: &[Event]) -> Result<(), Failure> {
        Ok(())
    }

    async fn expired(&self, _: &GroupId, _: Seq) -> Result<(), Failure> {
        Ok(())
    }

    fn has_due(&self) -> bool {
        true
    }

    async fn due(&self, due: &Due) -> Result<(), Failure> {
        Ok(self.messages.clear_rows(&[(due.group.clone(), due.seq)]).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Event, Kind};
    use crate::hub::pipeline::applier::EffectApplier;
    use crate::hub::testing::{MemoryStore, metrics, text};
    use crate::ports::DueStore;

    #[tokio::test]
    async fn what_stands_beside_a_deleted_message_is_removed_as_it_was_planned() {
        let (store, group) = (Arc::<MemoryStore>::default(), GroupId::random());
        store.put([text(&group, 1, "anna")]);
        let kind = Kind::Deleted;
        let reference = Some(group.event_id(1));
        let deleted = Event { kind, traits: kind.traits(), reference, text: None, ..text(&group, 2, "anna") };
        let applier = EffectApplier::new(store.clone(), store.clone(), store.clone(), metrics().pipeline);
        // Whoever finds it applied plans it again.
        applier.apply_of([&deleted]).await.unwrap();
        applier.apply_of([&deleted]).await.unwrap();
        let planned = store.claim(ERASURE, 10, Duration::from_secs(60)).await.unwrap();
        assert_eq!(planned.len(), 1);
        Cleaner::new(store.clone()).due(&planned[0].due).await.unwrap();
        assert_eq!(store.take_cleared(), [(group, 1)]);
    }
}
