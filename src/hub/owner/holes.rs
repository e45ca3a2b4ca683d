//! Seqs that are missing before entries that wait: found, or filled.

use super::Owner;
use super::order::Hole;
use super::route::Batch;
use crate::domain::{Event, GroupId, Seq};
use crate::ports::{Page, Partition};

impl Owner {
    /// Sees to seqs that are missing before entries that wait. True when something came in turn.
    pub(super) async fn mend_holes(&mut self) -> bool {
        let holes: Vec<_> = self
            .held
            .iter()
            .flat_map(|(partition, held)| held.order.holes().into_iter().map(|hole| (*partition, hole)))
            .collect();
        let mut mended = false;
        for (partition, hole) in holes {
            mended |= self.mend(partition, &hole.group, hole.next).await;
        }
        mended
    }

    /// A hole: the stored head may be further than we know; or another consumer holds the entry; or
    /// it is in the store; or the seq is nobody's, and becomes a void.
    async fn mend(&mut self, partition: Partition, group: &GroupId, next: Seq) -> bool {
        let Some(held) = self.held.get(&partition) else { return false };
        if self.owned.is_passing(partition) && self.hub.node.view().another_takes(partition, &self.hub.node.name()) {
            // What is missing may be what another node knows and is about to take.
            return false;
        }
        if held.silent || held.claim.is_some() {
            // A claim that began before the hole was seen may not have looked far enough.
            return false;
        }
        let heads = self.hub.backplane.heads(partition, std::slice::from_ref(group)).await;
        let stored = heads.ok().and_then(|heads| heads.first().copied().flatten()).map_or(0, |head| head.seq);
        if stored >= next {
            self.pass(partition, group, stored);
            return true;
        }
        if let Some(held) = self.held.get_mut(&partition) {
            held.to_drain = true;
        }
        self.drain().await;
        if self.held.get(&partition).is_none_or(|held| held.to_drain) {
            return false;
        }
        let Some(hole) = self.hole_of(partition, group) else { return true };
        let missing = usize::try_from(hole.upto - hole.next + 1).unwrap_or(usize::MAX).min(1_000);
        let Ok(found) = self.hub.store.page(group, Page::After(hole.next - 1, missing)).await else { return false };
        let found: Vec<Event> = found.into_iter().take_while(|event| event.seq <= hole.upto).collect();
        let dense = found.iter().zip(hole.next..).take_while(|(event, seq)| event.seq == *seq).count();
        let mut events: Vec<Event> = found.into_iter().take(dense).collect();
        if events.is_empty() {
            match self.hub.store_void(group, hole.next).await {
                Some(void) => events.push(void),
                None => return false,
            }
        }
        if self.hub.redo_effects(&events).await.is_err() {
            return false;
        }
        tracing::debug!(%group, from = hole.next, count = events.len(), "mended a hole in a group's sequence");
        self.hub.metrics.repairs.inc();
        if let Some(last) = events.last() {
            self.pass(partition, group, last.seq);
        }
        self.route_found(partition, events).await;
        true
    }

    fn hole_of(&self, partition: Partition, group: &GroupId) -> Option<Hole> {
        self.held.get(&partition)?.order.holes().into_iter().find(|hole| hole.group == *group)
    }

    fn pass(&mut self, partition: Partition, group: &GroupId, seq: Seq) {
        if let Some(held) = self.held.get_mut(&partition) {
            held.order.pass(group, seq);
        }
    }

    async fn route_found(&self, partition: Partition, events: Vec<Event>) {
        let Some(held) = self.held.get(&partition) else { return };
        let mut batch = Batch::new(partition, held.token.clone(), held.entries.clone());
        batch.add_found(events);
        self.hand_on(batch).await;
    }
}
