//! Group states that the backplane does not hold are restored from the store.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use futures::StreamExt;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::owner::EFFECTS_BEHIND;
use super::{Hub, RETRY};
use crate::domain::{Code, Event, Group, GroupId, Head, Refusal, Role, Seq, Traits, UserId};
use crate::ports::{GroupSnapshot, Inserted, Page, Partition, StoreError};

/// Holes are looked for this far below the head, and further while some are found: an owner writes
/// no more than a log's worth ahead of the contiguous head.
const HOLE_WINDOW: usize = EFFECTS_BEHIND;
/// Heads asked for in one call.
const HEADS_AT_ONCE: usize = 500;
/// A head that is too low may be on its way, by a commit that is to be repeated.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// Lives of a group that one restore tries at most: seldom are there two.
const LIVES_TRIED: usize = 3;
/// Groups restored at once until backplane and store agree.
const AGREE_AT_ONCE: usize = 8;

/// One restore a group at a time on this node, and one comparison of all positions: when much is
/// lost at once and the store is slow, who waits must not make it slower.
pub(crate) struct Restores {
    under_way: DashMap<GroupId, Turn>,
    /// How often a comparison was asked for since the one under way began; 0 when none is.
    pub(crate) comparisons: parking_lot::Mutex<u64>,
    /// How many comparisons of memberships have begun.
    memberships: AtomicU64,
    /// Turns of those who restore until backplane and store agree: after a loss it may be many groups, and the
    /// store has other work.
    agreeing: Semaphore,
}

/// When the last restore of a group began, and what came of it.
type Turn = Arc<Mutex<Option<(Instant, Result<Group, Refusal>)>>>;

// === impl Restores ===

impl Default for Restores {
    fn default() -> Self {
        Self {
            under_way: DashMap::new(),
            comparisons: parking_lot::Mutex::default(),
            memberships: AtomicU64::default(),
            agreeing: Semaphore::new(AGREE_AT_ONCE),
        }
    }
}

impl Restores {
    /// How many comparisons of memberships have begun: another number later means that one has since.
    pub(crate) fn comparisons_begun(&self) -> u64 {
        self.memberships.load(Ordering::SeqCst)
    }

    /// One begins.
    pub(crate) fn begin_comparison(&self) {
        self.memberships.fetch_add(1, Ordering::SeqCst);
    }
}

impl Hub {
    /// Raises the group's state in the backplane to what the store knows. Answers the stored
    /// group, or `not_found`.
    pub(crate) async fn restore(&self, id: &GroupId) -> Result<Group, Refusal> {
        self.restore_to(id, false).await
    }

    /// The same; what this node holds of a group that is not there any more is let go.
    pub(crate) async fn restore_held(self: &Arc<Self>, id: &GroupId) -> Result<Group, Refusal> {
        let held = self.groups.get(id);
        let restored = self.restore(id).await;
        if let (Some(held), Err(refusal)) = (held, &restored)
            && refusal.code == Code::NotFound
        {
            self.let_go(&held);
        }
        restored
    }

    /// As [`Hub::restore`]; where all that is stored is known to be applied to the documents, also against a member set
    /// of a change that the store made a void.
    async fn restore_to(&self, id: &GroupId, applied: bool) -> Result<Group, Refusal> {
        let asked = Instant::now();
        let turn = self.restores.under_way.entry(id.clone()).or_default().clone();
        let mut last = turn.lock().await;
        // One that began after this was asked for is as good as one of our own.
        let restored = match last.take().filter(|(begun, _)| *begun >= asked) {
            Some((begun, shared)) => {
                *last = Some((begun, shared.clone()));
                shared
            }
            None => {
                let begun = Instant::now();
                let restored = self.restore_in_turn(id, applied).await;
                *last = Some((begun, restored.clone()));
                restored
            }
        };
        drop(last);
        // Those who wait hold it as well; the last of them takes it away.
        self.restores.under_way.remove_if(id, |_, held| Arc::strong_count(held) <= 2);
        restored
    }

    async fn restore_in_turn(&self, id: &GroupId, applied: bool) -> Result<Group, Refusal> {
        for _ in 0..LIVES_TRIED {
            let (group, head) = self.complete_group(id).await?;
            if self.restore_life(&group, head, applied).await? {
                tracing::debug!(group = %id, seq = head.seq, "restored a group's state from the store");
                return Ok(group);
            }
            // The life that was read has ended: the store knows of the next one, or of none.
        }
        Err(Refusal::unavailable())
    }

    async fn restore_life(&self, group: &Group, head: Head, applied: bool) -> Result<bool, Refusal> {
        let id = &group.id;
        let floor = GroupSnapshot {
            group: id.clone(),
            head,
            kind: group.kind,
            access: group.access,
            members: group.members.clone(),
            // Then all changes up to the head are in, and a set that has one more gives way.
            version: if applied { group.version.max(head.seq) } else { group.version },
            base: group.base.seq,
        };
        self.metrics.restores.inc();
        Ok(self.backplane.restore(self.partition(id), &self.node.name(), &floor).await?)
    }

    /// Up to these seqs the groups are known to be stored, and the backplane, or what is left of it, may not
    /// know: restores those whose heads stay below.
    pub(crate) fn raise_heads(self: &Arc<Self>, partition: Partition, known: Vec<(GroupId, Seq)>) {
        if known.is_empty() {
            return;
        }
        let hub = self.clone();
        self.spawn(async move {
            let behind = hub.behind(partition, known).await;
            if behind.is_empty() {
                return;
            }
            tokio::time::sleep(ON_ITS_WAY).await;
            let lost = hub.behind(partition, behind).await;
            let raised = lost.into_iter().map(|(id, seq)| {
                let hub = hub.clone();
                async move {
                    tracing::warn!(group = %id, seq, "the backplane lost a stored head");
                    hub.reconcile(&id, &[]).await;
                }
            });
            futures::stream::iter(raised).for_each_concurrent(AGREE_AT_ONCE, |one| one).await;
        });
    }

    /// Those whose stored head in the backplane is below the seq. Where there is none at all, whoever needs it
    /// notices. Asks until it is answered.
    async fn behind(&self, partition: Partition, known: Vec<(GroupId, Seq)>) -> Vec<(GroupId, Seq)> {
        let mut behind = Vec::new();
        for chunk in known.chunks(HEADS_AT_ONCE) {
            let ids: Vec<_> = chunk.iter().map(|(id, _)| id.clone()).collect();
            let mut retry = RETRY;
            let heads = loop {
                match self.backplane.heads(partition, &ids).await {
                    Ok(heads) => break heads,
                    Err(_) => retry.pause().await,
                }
            };
            let lower = chunk.iter().zip(heads).filter(|((_, seq), head)| head.is_some_and(|head| head.seq < *seq));
            behind.extend(lower.map(|(one, _)| one.clone()));
        }
        behind
    }

    /// Restores the group until its member set in the backplane is the stored one, these users and all stored
    /// members considered: the set may be of a past that is not the store's, which no version tells.
    pub(crate) async fn reconcile(&self, id: &GroupId, users: &[UserId]) {
        let mut retry = RETRY;
        while !self.restored_in_agreement(id, users).await {
            retry.pause().await;
        }
    }

    /// Whether there is nothing left to do. A change that is in the log and not yet stored makes a difference.
    async fn restored_in_agreement(&self, id: &GroupId, users: &[UserId]) -> bool {
        let Ok(_turn) = self.restores.agreeing.acquire().await else { return true };
        let group = match self.restore_to(id, !users.is_empty()).await {
            Ok(group) => group,
            Err(refusal) => return refusal.code == Code::NotFound,
        };
        let stored: HashMap<&UserId, Role> = group.members.iter().map(|member| (&member.id, member.role)).collect();
        let asked: Vec<UserId> = users.iter().chain(stored.keys().copied()).cloned().collect();
        let roles = self.backplane.roles(self.partition(id), id, &asked).await;
        let Ok(Some(roles)) = roles else { return false };
        asked.iter().zip(roles).all(|(user, role)| stored.get(user).copied() == role)
    }

    /// The group with every stored membership change, and its head with no hole below.
    async fn complete_group(&self, id: &GroupId) -> Result<(Group, Head), Refusal> {
        if let Some(probe) = self.probe_document(id) {
            return Ok((probe, self.store.head(id).await?));
        }
        // The head first, so that the document is no older than it.
        let head = self.store.head(id).await?;
        let group = self.store.group(id).await?;
        let group = group.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        let head = group.head(head);
        let newest = self.without_holes(id, head, group.first).await?;
        // Who stored them may have died before their effects were applied.
        self.redo_effects(&newest).await?;
        Ok((self.with_missed_changes(group, &newest).await?, head))
    }

    /// Fills holes below the head; answers the newest events, as many as may lack something that follows from them.
    async fn without_holes(&self, id: &GroupId, head: Head, first: Seq) -> Result<Vec<Event>, StoreError> {
        match self.fill_holes(id, head, first).await? {
            Some(newest) => Ok(newest),
            // What came to be there meanwhile counts as well.
            None => {
                let mut newest = self.store.page(id, Page::Before(head.seq + 1, HOLE_WINDOW)).await?;
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
            let mut events = self.store.page(id, Page::Before(before, HOLE_WINDOW)).await?;
            // Below there may be what is left of an earlier life.
            events.retain(|event| event.seq >= first);
            let bottom = if events.len() < HOLE_WINDOW { first } else { events.first().map_or(first, |e| e.seq) };
            let voids = voids_between(id, bottom, before, &events);
            if voids.is_empty() {
                return Ok((before > head.seq).then_some(events));
            }
            self.metrics.voids.inc_by(voids.len() as u64);
            for (void, inserted) in voids.iter().zip(self.store.insert(&voids).await?) {
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
            if let Some(change) = event.membership().filter(|_| event.seq > group.version) {
                self.store.apply_membership(&group.id, event.seq, &change).await?;
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
