//! A group as the store knows it, complete: no hole below its head, and every change applied.

use std::sync::Arc;

use crate::domain::{Event, Group, GroupId, Head, Refusal, Seq, Traits};
use crate::hub::node::NodeState;
use crate::hub::pipeline::applier::{EFFECTS_BEHIND, EffectApplier};
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::pipeline::probe_group::probe_document;
use crate::ports::{FollowerStore, GroupStore, Inserted, MessageStore, Page, StoreError};

/// Holes are looked for this far below the head, and further while some are found: an owner writes
/// no more than a log's worth ahead of the contiguous head.
const HOLE_WINDOW: usize = EFFECTS_BEHIND;

/// Completes groups in the store.
pub(crate) struct Completer {
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
    followers: Arc<dyn FollowerStore>,
    effects: Arc<EffectApplier>,
    node: Arc<NodeState>,
    metrics: PipelineMetrics,
}

// === impl Completer ===

impl Completer {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        followers: Arc<dyn FollowerStore>,
        effects: Arc<EffectApplier>,
        node: Arc<NodeState>,
        metrics: PipelineMetrics,
    ) -> Self {
        Self { messages, documents, followers, effects, node, metrics }
    }

    /// The group with every stored membership change, and its head with no hole below.
    pub(crate) async fn complete(&self, id: &GroupId) -> Result<(Group, Head), Refusal> {
        if let Some(probe) = probe_document(self.node.base(), id) {
            return Ok((probe, self.messages.head(id).await?));
        }
        // The head first, so that the document is no older than it.
        let head = self.messages.head(id).await?;
        let group = self.documents.group(id).await?;
        let group = group.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        let head = group.head(head);
        let newest = self.without_holes(id, head, group.first).await?;
        // Who stored them may have died before their effects were applied.
        self.effects.redo_effects(&newest).await?;
        let group = self.with_missed_changes(group, &newest).await?;
        // Who stored them may have died before the document heard of it. The group is complete without that too.
        if let Err(error) = self.followers.raise_heads(&[(id.clone(), head)]).await {
            tracing::debug!(%error, group = %id, "a group's document hears later of its head");
        }
        Ok((group, head))
    }

    /// Fills holes below the head; answers the newest events, as many as may lack something that follows from them.
    async fn without_holes(&self, id: &GroupId, head: Head, first: Seq) -> Result<Vec<Event>, StoreError> {
        match self.fill_holes(id, head, first).await? {
            Some(newest) => Ok(newest),
            // What came to be there meanwhile counts as well.
            None => {
                let mut newest = self.messages.page(id, Page::Before(head.seq + 1, HOLE_WINDOW)).await?;
                newest.retain(|event| event.seq >= first);
                Ok(newest)
            }
        }
    }

    /// Voids for seqs below the head under which nothing is stored: their events never will be. Answers the newest
    /// events where they have no holes.
    async fn fill_holes(&self, id: &GroupId, head: Head, first: Seq) -> Result<Option<Vec<Event>>, StoreError> {
        let mut before = head.seq + 1;
        while before > first {
            let mut events = self.messages.page(id, Page::Before(before, HOLE_WINDOW)).await?;
            // Below there may be what is left of an earlier life.
            events.retain(|event| event.seq >= first);
            let bottom = if events.len() < HOLE_WINDOW { first } else { events.first().map_or(first, |e| e.seq) };
            let voids = voids_between(id, bottom, before, &events);
            if voids.is_empty() {
                return Ok((before > head.seq).then_some(events));
            }
            self.metrics.voids.inc_by(voids.len() as u64);
            for (void, inserted) in voids.iter().zip(self.messages.insert(&voids).await?) {
                if let Inserted::Unknown(why) | Inserted::Refused(why) = inserted {
                    tracing::warn!(group = %id, seq = void.seq, why, "a void was not stored");
                    return Err(StoreError::Unreachable(why));
                }
            }
            before = bottom;
        }
        Ok(None)
    }

    /// Membership events that are stored but not yet in the group's document (its owner died
    /// between the two) are applied now.
    async fn with_missed_changes(&self, mut group: Group, newest: &[Event]) -> Result<Group, StoreError> {
        for event in newest {
            if let Some(update) = event.update() {
                // The store has it, by its effect.
                group.update(event.seq, &update);
            }
            if let Some(change) = event.membership().filter(|_| event.seq > group.version) {
                self.documents.apply_membership(&group.id, event.seq, &change).await?;
                group.apply(event.seq, &change);
            }
        }
        Ok(group)
    }
}

/// How far the group was before an event: what stands below it was numbered without it.
fn before_it(event: &Event) -> Head {
    let Head { seq, n, shown, time } = event.head();
    let Traits { counts, shown: is_shown, .. } = event.traits;
    Head { seq: seq - 1, n: n.saturating_sub(counts.into()), shown: shown.saturating_sub(is_shown.into()), time }
}

/// A void for each seq in `bottom..before` that `events` lacks, with the numbers and time of what precedes it.
fn voids_between(id: &GroupId, bottom: Seq, before: Seq, events: &[Event]) -> Vec<Event> {
    let mut voids = Vec::new();
    let mut below = events.first().map(before_it).unwrap_or_default();
    let mut present = events.iter().peekable();
    for seq in bottom..before {
        match present.next_if(|event| event.seq == seq) {
            Some(event) => below = event.head(),
            None => voids.push(Event::void(id.clone(), Head { seq, ..below })),
        }
    }
    voids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voids_fill_just_the_holes() {
        let id = GroupId::random();
        let events: Vec<_> = [3, 4, 7]
            .map(|seq| Event::void(id.clone(), Head { seq, n: seq, shown: seq, time: 10 * seq as i64 }))
            .into();
        let voids: Vec<_> = voids_between(&id, 2, 8, &events).iter().map(|v| (v.seq, v.n)).collect();
        assert_eq!(voids, [(2, 3), (5, 4), (6, 4)]);
        assert!(voids_between(&id, 3, 5, &events[..2]).is_empty());
    }
}
