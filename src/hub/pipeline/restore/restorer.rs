//! States of groups in the backplane are raised to what the store knows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use futures::StreamExt;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::completer::Completer;
use crate::domain::{Code, Group, GroupId, Head, Refusal, Role, Seq, UserId};
use crate::hub::local::LocalGroups;
use crate::hub::node::NodeState;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::tasks::RETRY;
use crate::hub::tasks::Tasks;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::{GroupSnapshot, GroupStates, Partition};

/// Heads asked for in one call.
const HEADS_AT_ONCE: usize = 500;
/// A head that is too low may be on its way, by a commit that is to be repeated.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
/// Lives of a group that one restore tries at most: seldom are there two.
const LIVES_TRIED: usize = 3;
/// Groups restored at once until backplane and store agree.
const AGREE_AT_ONCE: usize = 8;

/// Restores one group at a time on this node: when much is lost at once and the store is slow, who waits must not make
/// it slower.
pub(crate) struct Restorer {
    states: Arc<dyn GroupStates>,
    completer: Completer,
    node: Arc<NodeState>,
    groups: Arc<LocalGroups>,
    upcalls: Arc<dyn Upcalls>,
    metrics: PipelineMetrics,
    tasks: Tasks,
    under_way: DashMap<GroupId, Turn>,
    /// Turns of those who restore until backplane and store agree: after a loss it may be many groups, and the
    /// store has other work.
    agreeing: Semaphore,
}

/// When the last restore of a group began, and what came of it.
type Turn = Arc<Mutex<Option<(Instant, Result<Group, Refusal>)>>>;

// === impl Restorer ===

impl Restorer {
    pub(crate) fn new(
        states: Arc<dyn GroupStates>,
        completer: Completer,
        node: Arc<NodeState>,
        groups: Arc<LocalGroups>,
        upcalls: Arc<dyn Upcalls>,
        metrics: PipelineMetrics,
        tasks: Tasks,
    ) -> Self {
        let (under_way, agreeing) = (DashMap::new(), Semaphore::new(AGREE_AT_ONCE));
        Self { states, completer, node, groups, upcalls, metrics, tasks, under_way, agreeing }
    }

    /// Raises the group's state in the backplane to what the store knows. Answers the stored
    /// group, or `not_found`.
    pub(crate) async fn restore(&self, id: &GroupId) -> Result<Group, Refusal> {
        self.restore_to(id, false).await
    }

    /// The same; what this node holds of a group that is not there any more is let go.
    pub(crate) async fn restore_held(&self, id: &GroupId) -> Result<Group, Refusal> {
        let held = self.groups.get(id);
        let restored = self.restore(id).await;
        if let (Some(held), Err(refusal)) = (held, &restored)
            && refusal.code == Code::NotFound
        {
            self.upcalls.tell(Upcall::GroupGone(&held));
        }
        restored
    }

    /// As [`Restorer::restore`]; where all that is stored is known to be applied to the documents, also against a member set
    /// of a change that the store made a void.
    async fn restore_to(&self, id: &GroupId, applied: bool) -> Result<Group, Refusal> {
        let asked = Instant::now();
        let turn = self.under_way.entry(id.clone()).or_default().clone();
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
        self.under_way.remove_if(id, |_, held| Arc::strong_count(held) <= 2);
        restored
    }

    async fn restore_in_turn(&self, id: &GroupId, applied: bool) -> Result<Group, Refusal> {
        for _ in 0..LIVES_TRIED {
            let (group, head) = self.completer.complete(id).await?;
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
        // Then all changes up to the head are in, and what has one more gives way.
        let complete = |version: Seq| if applied { version.max(head.seq) } else { version };
        let floor = GroupSnapshot {
            group: id.clone(),
            head,
            kind: group.kind,
            access: group.access,
            pinning: group.settings.pinning,
            archived: group.settings.archived,
            rules_version: complete(group.settings.rules_version()),
            members: group.members.clone(),
            version: complete(group.version),
            base: group.base.seq,
        };
        self.metrics.restores.inc();
        Ok(self.states.restore(self.node.partition(id), &self.node.name(), &floor).await?)
    }

    /// Up to these seqs the groups are known to be stored, and the backplane, or what is left of it, may not
    /// know: restores those whose heads stay below.
    pub(crate) fn raise_heads(self: &Arc<Self>, partition: Partition, known: Vec<(GroupId, Seq)>) {
        if known.is_empty() {
            return;
        }
        let this = self.clone();
        self.tasks.spawn(async move {
            let behind = this.behind(partition, known).await;
            if behind.is_empty() {
                return;
            }
            tokio::time::sleep(ON_ITS_WAY).await;
            let lost = this.behind(partition, behind).await;
            let raised = lost.into_iter().map(|(id, seq)| {
                let this = this.clone();
                async move {
                    tracing::warn!(group = %id, seq, "the backplane lost a stored head");
                    this.reconcile(&id, &[]).await;
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
                match self.states.heads(partition, &ids).await {
                    Ok(heads) => break heads,
                    Err(_) => retry.pause().await,
                }
            };
            let lower = chunk.iter().zip(heads).filter(|((_, seq), head)| head.is_some_and(|head| head.seq < *seq));
            behind.extend(lower.map(|(one, _)| one.clone()));
        }
        behind
    }

    /// The same after a while, in a task of its own.
    pub(crate) fn reconcile_after(self: &Arc<Self>, pause: Duration, id: GroupId, users: Vec<UserId>) {
        let this = self.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(pause).await;
            this.reconcile(&id, &users).await;
        });
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
        let Ok(_turn) = self.agreeing.acquire().await else { return true };
        let group = match self.restore_to(id, !users.is_empty()).await {
            Ok(group) => group,
            Err(refusal) => return refusal.code == Code::NotFound,
        };
        let stored: HashMap<&UserId, Role> = group.members.iter().map(|member| (&member.id, member.role)).collect();
        let asked: Vec<UserId> = users.iter().chain(stored.keys().copied()).cloned().collect();
        let roles = self.states.roles(self.node.partition(id), id, &asked).await;
        let Ok(Some(roles)) = roles else { return false };
        asked.iter().zip(roles).all(|(user, role)| stored.get(user).copied() == role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use crate::hub::testing::{Bed, MemoryStore, group, local, text};
    use crate::ports::FollowerStore;

    #[tokio::test]
    async fn a_state_is_restored_over_filled_holes_and_a_group_that_is_not_there_is_gone_here_too() {
        let (id, other) = (GroupId::random(), GroupId::random());
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], [1, 2, 4].map(|seq| text(&id, seq, "anna"))));
        let restored = bed.restorer.restore(&id).await.unwrap();
        assert_eq!(restored.members.len(), 1);
        let kinds: Vec<_> = bed.store.all(&id).iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Text, Kind::Void, Kind::Text]);
        assert_eq!(bed.log.restored.lock()[0].head.seq, 4);
        assert_eq!(bed.store.extents(&[id]).await.unwrap()[0].head.seq, 4);

        local(&bed.groups, group(&other, &["anna"]), 1);
        let refused = bed.restorer.restore_held(&other).await.unwrap_err();
        assert_eq!((refused.code, bed.told.take()), (Code::NotFound, vec!["group gone".into()]));
    }
}
