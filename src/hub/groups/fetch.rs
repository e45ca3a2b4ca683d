//! Stored events that a node lacks.

use std::sync::Arc;

use crate::domain::{Event, Seq};
use crate::hub::codec::decode_event;
use crate::hub::local::LocalGroup;
use crate::ports::{GroupStates, MessageStore, Page};

/// Fetches from the recent cache, else from the store.
pub(crate) struct Fetcher {
    states: Arc<dyn GroupStates>,
    messages: Arc<dyn MessageStore>,
}

// === impl Fetcher ===

impl Fetcher {
    pub(crate) fn new(states: Arc<dyn GroupStates>, messages: Arc<dyn MessageStore>) -> Self {
        Self { states, messages }
    }

    /// The stored events that follow a seq: from the recent cache, else from the store. Empty when
    /// neither can say.
    pub(crate) async fn events_after(&self, group: &LocalGroup, after: Seq, limit: usize) -> Vec<Arc<Event>> {
        if let Ok(recent) = self.states.recent(group.partition, &group.id, after).await {
            let events: Vec<_> =
                recent.iter().filter_map(|(_, bytes)| decode_event(bytes)).map(Arc::new).take(limit).collect();
            if events.first().is_some_and(|event| event.seq == after + 1) && is_dense(&events) {
                return events;
            }
        }
        match self.messages.page(&group.id, Page::After(after, limit)).await {
            Ok(events) => events.into_iter().map(Arc::new).collect(),
            Err(error) => {
                tracing::debug!(%error, group = %group.id, "missing events cannot be fetched yet");
                Vec::new()
            }
        }
    }

    /// The greatest stored seq that the backplane or the store knows of.
    pub(crate) async fn true_head(&self, group: &LocalGroup, at_least: Seq) -> Seq {
        let heads = self.states.heads(group.partition, std::slice::from_ref(&group.id)).await;
        let from_backplane = heads.ok().and_then(|heads| heads.first().copied().flatten()).map_or(0, |head| head.seq);
        let from_store = self.messages.head(&group.id).await.map_or(0, |head| head.seq);
        at_least.max(from_backplane).max(from_store)
    }
}

pub(super) fn is_dense(events: &[Arc<Event>]) -> bool {
    events.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq)
}
