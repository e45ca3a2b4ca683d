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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GroupId;
    use crate::hub::codec::encode_event;
    use crate::hub::local::LocalGroups;
    use crate::hub::testing::{MemoryLog, MemoryStore, head, text};

    struct Rig {
        log: Arc<MemoryLog>,
        store: Arc<MemoryStore>,
        fetcher: Fetcher,
        group: Arc<LocalGroup>,
    }

    /// A group of which these are in the recent cache, and five are stored.
    fn rig(recent: &[Seq]) -> Rig {
        let id = GroupId::random();
        let store = Arc::new(MemoryStore::of(&id, &["anna"], (1..=5).map(|seq| text(&id, seq, "anna"))));
        let log = Arc::<MemoryLog>::default();
        let cached = recent.iter().map(|seq| (*seq, encode_event(&text(&id, *seq, "anna")))).collect();
        log.recent.lock().insert(id.clone(), cached);
        let fetcher = Fetcher::new(log.clone(), store.clone());
        Rig { log, store, fetcher, group: LocalGroups::default().pin(&id, 1) }
    }

    async fn after(rig: &Rig, seq: Seq, limit: usize) -> Vec<Seq> {
        rig.fetcher.events_after(&rig.group, seq, limit).await.iter().map(|event| event.seq).collect()
    }

    #[tokio::test]
    async fn the_store_is_asked_only_for_what_the_recent_cache_does_not_have_whole() {
        let whole = rig(&[3, 4, 5]);
        assert_eq!((after(&whole, 2, 9).await, whole.store.calls("page")), (vec![3, 4, 5], 0));
        assert_eq!(after(&whole, 2, 2).await, [3, 4]);
        assert_eq!(
            (after(&whole, 1, 9).await, whole.store.calls("page")),
            (vec![2, 3, 4, 5], 1),
            "it does not reach back"
        );
        let holed = rig(&[3, 5]);
        assert_eq!((after(&holed, 2, 9).await, holed.store.calls("page")), (vec![3, 4, 5], 1));
    }

    #[tokio::test]
    async fn one_that_is_silent_leaves_the_other_and_both_nothing() {
        let rig = rig(&[3, 4, 5]);
        rig.log.heads.lock().insert(rig.group.id.clone(), head(4));
        assert_eq!(rig.fetcher.true_head(&rig.group, 2).await, 5);
        rig.log.link.be_silent(true);
        assert_eq!((after(&rig, 2, 9).await, rig.fetcher.true_head(&rig.group, 2).await), (vec![3, 4, 5], 5));
        rig.store.be_silent(true);
        assert_eq!((after(&rig, 2, 9).await, rig.fetcher.true_head(&rig.group, 2).await), (vec![], 2));
        rig.log.link.be_silent(false);
        assert_eq!((after(&rig, 2, 9).await, rig.fetcher.true_head(&rig.group, 2).await), (vec![3, 4, 5], 4));
        assert_eq!(rig.fetcher.true_head(&rig.group, 8).await, 8, "what was known stays so");
    }
}
