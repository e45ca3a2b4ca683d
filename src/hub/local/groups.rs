//! The groups that have sessions on this node.

use std::sync::Arc;

use dashmap::DashMap;

use super::group::LocalGroup;
use crate::domain::GroupId;

/// The groups that have sessions on this node.
#[derive(Default)]
pub(crate) struct LocalGroups {
    groups: DashMap<GroupId, Arc<LocalGroup>>,
}

// === impl LocalGroups ===

impl LocalGroups {
    /// A group, when it is here.
    pub(crate) fn get(&self, id: &GroupId) -> Option<Arc<LocalGroup>> {
        self.groups.get(id).map(|group| group.clone())
    }

    /// The group, made when it is not here, and pinned until [`LocalGroups::unpin`].
    pub(crate) fn pin(&self, id: &GroupId, partitions: u16) -> Arc<LocalGroup> {
        let new = || Arc::new(LocalGroup::new(id.clone(), id.partition(partitions)));
        let mut entry = self.groups.entry(id.clone()).or_insert_with(new);
        if entry.state.lock().is_gone() {
            *entry = new();
        }
        // Under the map's lock, so that `remove_if_unused` cannot come between.
        entry.state.lock().pins += 1;
        entry.clone()
    }

    /// Takes out a group that is gone, unless another has its place already.
    pub(crate) fn remove(&self, group: &Arc<LocalGroup>) {
        self.groups.remove_if(&group.id, |_, held| Arc::ptr_eq(held, group));
    }

    /// Undoes [`LocalGroups::pin`].
    pub(crate) fn unpin(&self, group: &LocalGroup) {
        let mut state = group.state.lock();
        state.pins = state.pins.saturating_sub(1);
    }

    /// Takes a group out that nobody here needs; answers the generation of its route. One that is
    /// being caught up with stays: somebody who is here may be about to join it.
    pub(crate) fn remove_if_unused(&self, id: &GroupId) -> Option<u64> {
        let removed = self.groups.remove_if(id, |_, group| group.state.lock().end_if_unused());
        removed.map(|(_, group)| group.state.lock().generation)
    }

    /// All that are here.
    pub(crate) fn all(&self) -> Vec<Arc<LocalGroup>> {
        self.groups.iter().map(|group| group.clone()).collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }
}
