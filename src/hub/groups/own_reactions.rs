//! Which reactions are a reader's own.

use std::sync::Arc;

use crate::domain::{Emoji, Event, ReactionKey, UserId};
use crate::ports::{ReactionStore, StoreError};

/// Says in events which reactions to them are the reader's own.
pub(crate) struct OwnReactions {
    reactions: Arc<dyn ReactionStore>,
}

// === impl OwnReactions ===

impl OwnReactions {
    pub(crate) fn new(reactions: Arc<dyn ReactionStore>) -> Self {
        Self { reactions }
    }

    /// Makes the reactions to these events as the reader sees them. The store is asked once for all, and only where
    /// somebody reacts.
    pub(crate) async fn mark(&self, reader: &UserId, mut events: Vec<&mut Event>) -> Result<(), StoreError> {
        events.retain(|event| !event.state.reactions.is_empty());
        if events.is_empty() {
            return Ok(());
        }
        let key = |event: &Event, emoji: &Emoji| ReactionKey {
            group: event.group.clone(),
            target: event.seq,
            emoji: emoji.clone(),
            user: reader.clone(),
        };
        let keys: Vec<ReactionKey> = events
            .iter()
            .flat_map(|event| event.state.reactions.shown().into_iter().map(|tally| key(event, &tally.emoji)))
            .collect();
        let own = self.reactions.reacted(&keys).await?;
        for event in &mut events {
            let mut reactions = std::mem::take(&mut event.state.reactions);
            reactions.mark_mine(|emoji| own.contains(&key(event, emoji)));
            event.state.reactions = reactions;
        }
        Ok(())
    }

    /// The same of events that are shown to others as well, as far as somebody reacts to them.
    pub(crate) async fn mark_shared(
        &self,
        reader: &UserId,
        mut events: Vec<&mut Arc<Event>>,
    ) -> Result<(), StoreError> {
        events.retain(|event| !event.state.reactions.is_empty());
        self.mark(reader, events.into_iter().map(Arc::make_mut).collect()).await
    }
}
