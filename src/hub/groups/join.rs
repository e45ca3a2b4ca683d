//! Groups come to this node: a route for each, and a position to begin from.

use std::collections::HashMap;
use std::sync::Arc;

use super::catch_up::CatchUp;
use super::lives::Lives;
use super::routes::Routes;
use crate::domain::{Code, GroupId, Refusal};
use crate::hub::codec::decode_event;
use crate::hub::local::{LocalGroup, LocalGroups, SessionHandle};
use crate::hub::node::NodeState;
use crate::hub::pipeline::restore::Restorer;
use crate::ports::{Joined, Partition, Registry};

/// Brings groups here.
pub(crate) struct Joiner {
    registry: Arc<dyn Registry>,
    node: Arc<NodeState>,
    groups: Arc<LocalGroups>,
    restorer: Arc<Restorer>,
    lives: Arc<Lives>,
    routes: Arc<Routes>,
    catch_up: Arc<CatchUp>,
}

// === impl Joiner ===

impl Joiner {
    pub(crate) fn new(
        registry: Arc<dyn Registry>,
        node: Arc<NodeState>,
        groups: Arc<LocalGroups>,
        restorer: Arc<Restorer>,
        lives: Arc<Lives>,
        routes: Arc<Routes>,
        catch_up: Arc<CatchUp>,
    ) -> Self {
        Self { registry, node, groups, restorer, lives, routes, catch_up }
    }

    /// Brings groups to this node: a route for each, and a position to begin from. Each is pinned:
    /// `unpin` it when its session is attached. Groups that do not exist are left out.
    pub(crate) async fn pin_groups(&self, ids: &[GroupId]) -> Result<Vec<Arc<LocalGroup>>, Refusal> {
        let groups: Vec<_> = ids.iter().map(|id| self.groups.pin(id, self.node.partitions())).collect();
        self.routes.count();
        let new: Vec<_> = groups.iter().filter(|group| group.state.lock().position.at().is_none()).cloned().collect();
        match self.join_routes(&new).await {
            Ok(missing) => {
                let (gone, found): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| missing.contains(&group.id));
                self.unpin(&gone);
                Ok(found)
            }
            Err(refusal) => {
                self.unpin(&groups);
                Err(refusal)
            }
        }
    }

    /// Lets go of pinned groups; those that nobody needs leave the node.
    pub(crate) fn unpin(&self, groups: &[Arc<LocalGroup>]) {
        for group in groups {
            self.groups.unpin(group);
            self.routes.leave_if_unused(&group.id);
        }
    }

    /// Adds routes and begins positions. Answers the groups that do not exist.
    pub(crate) async fn join_routes(&self, groups: &[Arc<LocalGroup>]) -> Result<Vec<GroupId>, Refusal> {
        let mut by_partition: HashMap<Partition, Vec<Arc<LocalGroup>>> = HashMap::new();
        for group in groups {
            by_partition.entry(group.partition).or_default().push(group.clone());
        }
        let joins = by_partition.into_iter().map(|(partition, groups)| self.join_partition(partition, groups));
        let missing = futures::future::try_join_all(joins).await?;
        Ok(missing.into_iter().flatten().collect())
    }

    async fn join_partition(
        &self,
        partition: Partition,
        groups: Vec<Arc<LocalGroup>>,
    ) -> Result<Vec<GroupId>, Refusal> {
        let mut missing = Vec::new();
        let mut left = groups;
        for _ in 0..2 {
            let ids: Vec<_> = left.iter().map(|group| group.id.clone()).collect();
            let generation = self.node.next_generation();
            let name = self.node.name();
            let joined = self.registry.join_routes(partition, &ids, &name, generation).await?;
            let mut unknown = Vec::new();
            for (group, joined) in left.into_iter().zip(joined) {
                if !self.begin(&group, generation, joined) {
                    match self.restorer.restore(&group.id).await {
                        Ok(_) => unknown.push(group),
                        Err(refusal) if refusal.code == Code::NotFound => {
                            missing.push(group.id.clone());
                            self.lives.let_go(&group);
                        }
                        Err(refusal) => return Err(refusal),
                    }
                }
            }
            left = unknown;
            if left.is_empty() {
                return Ok(missing);
            }
        }
        Err(Refusal::unavailable())
    }

    fn begin(&self, group: &Arc<LocalGroup>, generation: u64, joined: Joined) -> bool {
        let mut state = group.state.lock();
        state.generation = state.generation.max(generation);
        let Some(head) = joined.head else { return false };
        let known = state.position.at().map_or(0, |at| at.seq);
        state.start(head);
        if let Some(event) = joined.last.and_then(|bytes| decode_event(&bytes)) {
            state.seed_ring(Arc::new(event));
        }
        drop(state);
        if known > head.seq {
            self.restorer.raise_heads(group.partition, vec![(group.id.clone(), known)]);
        }
        self.catch_up.catch_up(group);
        true
    }

    /// A session is gone: its groups lose it.
    pub(crate) fn detach(&self, session: &SessionHandle) {
        for id in session.groups() {
            if let Some(group) = self.groups.get(&id) {
                group.state.lock().detach(&session.id);
                self.routes.leave_if_unused(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, head, local, text, until};

    /// A group of anna's with texts up to a seq, whose stored head the backplane knows as another one.
    fn bed(stored: u64, known: Option<u64>) -> (Arc<Bed>, GroupId) {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], (1..=stored).map(|seq| text(&id, seq, "anna"))));
        if let Some(known) = known {
            bed.registry.heads.lock().insert(id.clone(), head(known));
            bed.log.heads.lock().insert(id.clone(), head(known));
        }
        (Arc::new(bed), id)
    }

    #[tokio::test]
    async fn groups_begin_at_their_stored_heads_and_those_that_are_not_there_are_left_out() {
        let (bed, id) = bed(3, Some(3));
        let nowhere = GroupId::random();
        let found = bed.joiner.pin_groups(&[nowhere.clone(), id.clone()]).await.unwrap();
        assert_eq!((found.len(), found[0].at(), bed.groups.len()), (1, 3, 1));
        assert_eq!(bed.registry.routes.lock()[&id].len(), 1);
        bed.joiner.unpin(&found);
        assert_eq!(bed.groups.len(), 0, "nobody needs it");
    }

    #[tokio::test]
    async fn a_silent_backplane_leaves_nothing_pinned() {
        let (bed, id) = bed(3, Some(3));
        bed.registry.link.be_silent(true);
        let refused = bed.joiner.pin_groups(std::slice::from_ref(&id)).await.map(|found| found.len()).unwrap_err();
        assert_eq!((refused.code, bed.groups.len()), (Code::Unavailable, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_absent_state_is_restored_and_asked_for_again() {
        let (bed, id) = bed(3, None);
        bed.store.link.be_slow(true);
        let (of_task, asked) = (bed.clone(), id.clone());
        let going = tokio::spawn(async move { of_task.joiner.pin_groups(&[asked]).await.map(|found| found[0].at()) });
        until(|| bed.registry.routes.lock().contains_key(&id)).await;
        bed.registry.heads.lock().insert(id.clone(), head(3));
        bed.store.link.be_slow(false);
        assert_eq!(going.await.unwrap().unwrap(), 3);
        assert_eq!(bed.log.restored.lock()[0].head.seq, 3);
    }

    #[tokio::test]
    async fn a_state_that_stays_absent_is_no_group_that_is_not_there() {
        let (bed, id) = bed(3, None);
        let refused = bed.joiner.pin_groups(std::slice::from_ref(&id)).await.map(|found| found.len()).unwrap_err();
        assert_eq!((refused.code, bed.groups.len(), bed.log.restored.lock().len()), (Code::Unavailable, 0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_below_the_position_is_raised_and_one_above_is_caught_up_with() {
        let (bed, id) = bed(5, Some(3));
        let here = local(&bed.groups, crate::hub::testing::group(&id, &["anna"]), 5);
        assert!(bed.joiner.join_routes(std::slice::from_ref(&here)).await.unwrap().is_empty());
        until(|| bed.log.heads.lock()[&id].seq == 5).await;
        assert_eq!(here.at(), 5, "nobody here goes back");
        let (bed, id) = self::bed(5, Some(5));
        let here = local(&bed.groups, crate::hub::testing::group(&id, &["anna"]), 2);
        bed.joiner.join_routes(std::slice::from_ref(&here)).await.unwrap();
        until(|| here.at() == 5).await;
    }
}
