//! How far groups have come, for those who ask from outside of them.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use crate::domain::{Group, GroupId, Head, Seq};
use crate::hub::local::LocalGroups;
use crate::hub::node::NodeState;
use crate::ports::{FollowerStore, GroupStates, MessageStore, Partition, StoreError};

/// Heads asked for in one call to the backplane.
const HEADS_AT_ONCE: usize = 500;
/// Heads that are looked up in the store at the same time.
const STORED_AT_ONCE: usize = 16;

/// Tells how far groups have come.
pub(crate) struct Heads {
    states: Arc<dyn GroupStates>,
    messages: Arc<dyn MessageStore>,
    followers: Arc<dyn FollowerStore>,
    groups: Arc<LocalGroups>,
    node: Arc<NodeState>,
}

// === impl Heads ===

impl Heads {
    pub(crate) fn new(
        states: Arc<dyn GroupStates>,
        messages: Arc<dyn MessageStore>,
        followers: Arc<dyn FollowerStore>,
        groups: Arc<LocalGroups>,
        node: Arc<NodeState>,
    ) -> Self {
        Self { states, messages, followers, groups, node }
    }

    /// How far a group has come: as far as this node has given it out, or as it is stored.
    pub(crate) async fn one(&self, group: &Group) -> Result<Head, StoreError> {
        match self.here(&group.id) {
            Some(head) => Ok(head),
            None => self.stored(group).await,
        }
    }

    /// How far a group has come in the store.
    pub(crate) async fn stored(&self, group: &Group) -> Result<Head, StoreError> {
        Ok(group.head(self.messages.head(&group.id).await?))
    }

    /// The same of several, in their order: those that are not here are asked for with a call a partition. The store is
    /// asked for what the backplane does not know, one by one.
    pub(crate) async fn several(&self, groups: &[Group]) -> Result<Vec<Head>, StoreError> {
        let elsewhere = groups.iter().map(|group| &group.id).filter(|id| self.groups.get(id).is_none());
        let shared = self.shared(elsewhere).await;
        let heads: Vec<_> = groups.iter().map(|group| self.at_hand_or_stored(group, &shared)).collect();
        futures::stream::iter(heads).buffered(STORED_AT_ONCE).try_collect().await
    }

    /// Up to where groups have come with all that their events do to others: what is read from the store after this shows
    /// it. A group that nobody knows is missing.
    pub(crate) async fn applied(&self, ids: &[GroupId]) -> Result<HashMap<GroupId, Seq>, StoreError> {
        let here = ids.iter().filter_map(|id| Some((id.clone(), self.here(id)?.seq)));
        let mut known: HashMap<GroupId, Seq> = here.collect();
        let shared = self.shared(ids.iter().filter(|id| !known.contains_key(*id))).await;
        known.extend(shared.into_iter().map(|(id, head)| (id, head.seq)));
        let left: Vec<GroupId> = ids.iter().filter(|id| !known.contains_key(*id)).cloned().collect();
        if !left.is_empty() {
            // The newest stored event may not have done yet what it does; documents hear of it behind its commit.
            let extents = self.followers.extents(&left).await?;
            known.extend(extents.into_iter().map(|extent| (extent.group, extent.head.seq)));
        }
        Ok(known)
    }

    async fn at_hand_or_stored(&self, group: &Group, shared: &HashMap<GroupId, Head>) -> Result<Head, StoreError> {
        match shared.get(&group.id) {
            Some(head) => Ok(group.head(*head)),
            None => self.one(group).await,
        }
    }

    /// Those of the heads that the backplane knows. One that does not answer knows none.
    async fn shared(&self, ids: impl Iterator<Item = &GroupId>) -> HashMap<GroupId, Head> {
        let mut by_partition: HashMap<Partition, Vec<GroupId>> = HashMap::new();
        for id in ids {
            by_partition.entry(self.node.partition(id)).or_default().push(id.clone());
        }
        let chunks = by_partition.iter().flat_map(|(partition, ids)| {
            let ask = move |ids| async move { (ids, self.states.heads(*partition, ids).await) };
            ids.chunks(HEADS_AT_ONCE).map(ask)
        });
        let mut known = HashMap::new();
        for (ids, heads) in futures::future::join_all(chunks).await {
            let Ok(heads) = heads else { continue };
            let of_ids = ids.iter().zip(heads);
            known.extend(of_ids.filter_map(|(id, head)| Some((id.clone(), head?))));
        }
        known
    }

    fn here(&self, id: &GroupId) -> Option<Head> {
        self.groups.get(id).and_then(|group| group.state.lock().position.at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{MemoryLog, MemoryStore, group, head, local, text};

    /// Groups with a text each.
    fn some(store: &MemoryStore, count: usize) -> Vec<Group> {
        let groups: Vec<_> = (0..count).map(|_| group(&GroupId::random(), &["anna"])).collect();
        groups.iter().for_each(|group| store.put([text(&group.id, 1, "anna")]));
        groups
    }

    fn heads(log: &Arc<MemoryLog>, store: &Arc<MemoryStore>, groups: &Arc<LocalGroups>) -> Heads {
        Heads::new(log.clone(), store.clone(), store.clone(), groups.clone(), Arc::new(NodeState::new("a", 4)))
    }

    #[tokio::test]
    async fn the_backplane_is_asked_once_a_partition_and_the_store_for_the_rest_alone() {
        let (log, store, here) = (Arc::<MemoryLog>::default(), Arc::<MemoryStore>::default(), Arc::default());
        let groups = some(&store, 40);
        local(&here, groups[0].clone(), 9);
        log.heads.lock().extend(groups[1..38].iter().map(|group| (group.id.clone(), head(5))));
        let found = heads(&log, &store, &here).several(&groups).await.unwrap();
        let seqs: Vec<_> = found.iter().map(|head| head.seq).collect();
        assert_eq!((seqs[0], &seqs[1..38], &seqs[38..]), (9, &[5; 37][..], &[1, 1][..]));
        let asked = std::mem::take(&mut *log.heads_asked.lock());
        assert_eq!((asked.len(), asked.iter().map(|(_, count)| count).sum::<usize>()), (4, 39));
        assert_eq!(store.calls("head"), 2, "those that the backplane does not know");
    }

    #[tokio::test]
    async fn a_backplane_that_is_silent_leaves_the_store_and_a_store_that_is_silent_nothing() {
        let (log, store, here) = (Arc::<MemoryLog>::default(), Arc::<MemoryStore>::default(), Arc::default());
        let groups = some(&store, 3);
        log.heads.lock().extend(groups.iter().map(|group| (group.id.clone(), head(5))));
        log.link.be_silent(true);
        let heads = heads(&log, &store, &here);
        assert_eq!(heads.several(&groups).await.unwrap().iter().map(|head| head.seq).collect::<Vec<_>>(), [1; 3]);
        store.be_silent(true);
        assert!(heads.several(&groups).await.is_err(), "nobody is shown an empty group for a silent store");
    }

    #[tokio::test]
    async fn what_events_did_is_told_by_those_who_hear_of_it_afterwards() {
        let (log, store, here) = (Arc::<MemoryLog>::default(), Arc::<MemoryStore>::default(), Arc::default());
        let groups = some(&store, 4);
        let ids: Vec<_> = groups.iter().map(|group| group.id.clone()).collect();
        local(&here, groups[0].clone(), 9);
        log.heads.lock().insert(ids[1].clone(), head(5));
        store.put_group(groups[2].clone());
        store.raise_heads(&[(ids[2].clone(), head(3))]).await.unwrap();
        let applied = heads(&log, &store, &here).applied(&ids).await.unwrap();
        let seqs: Vec<_> = ids.iter().map(|id| applied.get(id).copied().unwrap_or(0)).collect();
        assert_eq!(seqs, [9, 5, 3, 0]);
    }

    #[tokio::test]
    async fn a_life_without_events_stands_at_its_base_whatever_is_left_of_the_one_before() {
        let (log, store, here) = (Arc::<MemoryLog>::default(), Arc::<MemoryStore>::default(), Arc::default());
        let mut groups = some(&store, 2);
        groups.iter_mut().for_each(|group| group.base.seq = 7);
        log.heads.lock().insert(groups[0].id.clone(), head(6));
        let found = heads(&log, &store, &here).several(&groups).await.unwrap();
        assert_eq!(found.iter().map(|head| head.seq).collect::<Vec<_>>(), [7, 7]);
    }
}
