//! Groups leave this node when no session here needs them.

use std::sync::Arc;

use super::metrics::GroupMetrics;
use crate::domain::GroupId;
use crate::hub::local::LocalGroups;
use crate::hub::node::NodeState;
use crate::hub::tasks::Tasks;
use crate::ports::Registry;

/// The routes of groups to this node, as they end.
pub(crate) struct Routes {
    registry: Arc<dyn Registry>,
    node: Arc<NodeState>,
    groups: Arc<LocalGroups>,
    metrics: GroupMetrics,
    tasks: Tasks,
}

// === impl Routes ===

impl Routes {
    pub(crate) fn new(
        registry: Arc<dyn Registry>,
        node: Arc<NodeState>,
        groups: Arc<LocalGroups>,
        metrics: GroupMetrics,
        tasks: Tasks,
    ) -> Self {
        Self { registry, node, groups, metrics, tasks }
    }

    /// Tells how many groups are here.
    pub(crate) fn count(&self) {
        self.metrics.local_groups.set(self.groups.len() as i64);
    }

    /// Takes a group off this node when no session here needs it.
    pub(crate) fn leave_if_unused(&self, id: &GroupId) {
        let Some(generation) = self.groups.remove_if_unused(id) else { return };
        self.count();
        self.leave_route(id, generation);
    }

    /// Removes the route that was added last, or before.
    pub(crate) fn leave_route(&self, id: &GroupId, generation: u64) {
        let (registry, node, id) = (self.registry.clone(), self.node.clone(), id.clone());
        self.tasks.spawn(async move {
            let partition = node.partition(&id);
            if let Err(error) = registry.leave_route(partition, &id, &node.name(), generation).await {
                // A route too many costs a peer message now and then, until this node's life ends.
                tracing::debug!(%error, group = %id, "a route was not removed");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, metrics, until};

    /// A group that is pinned here, with its route.
    async fn pinned(bed: &Bed) -> (GroupId, Routes) {
        let id = GroupId::random();
        bed.groups.pin(&id, 1);
        bed.registry.join_routes(0, std::slice::from_ref(&id), &bed.node.name(), 1).await.unwrap();
        let (registry, node, groups) = (bed.registry.clone(), bed.node.clone(), bed.groups.clone());
        (id, Routes::new(registry, node, groups, metrics().groups, bed.tasks.clone()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_leaves_when_nobody_here_needs_it_and_its_route_with_it() {
        let bed = Bed::new(MemoryStore::default());
        let (id, routes) = pinned(&bed).await;
        routes.leave_if_unused(&id);
        tokio::task::yield_now().await;
        assert!(bed.groups.get(&id).is_some() && bed.registry.routes.lock()[&id].len() == 1);
        bed.groups.unpin(&bed.groups.get(&id).unwrap());
        routes.leave_if_unused(&id);
        assert!(bed.groups.get(&id).is_none());
        until(|| bed.registry.routes.lock()[&id].is_empty()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_backplane_keeps_no_group_here() {
        let bed = Bed::new(MemoryStore::default());
        let (id, routes) = pinned(&bed).await;
        bed.registry.link.be_silent(true);
        bed.groups.unpin(&bed.groups.get(&id).unwrap());
        routes.leave_if_unused(&id);
        bed.tasks.stop().await;
        assert!(bed.groups.get(&id).is_none() && bed.registry.routes.lock()[&id].len() == 1);
    }
}
