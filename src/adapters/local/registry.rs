//! [`Registry`] in process.

use async_trait::async_trait;

use super::LocalBackplane;
use super::presence::Moment;
use crate::domain::{GroupId, NodeName, UserId};
use crate::ports::{BackplaneError, Joined, Partition, PresenceChange, Registry, SessionRecord, UserPresence};

impl LocalBackplane {
    fn moment(&self) -> Moment {
        Moment { time: self.clock.now(), version: self.clock.micros() }
    }

    /// Removes sessions, routes and inbox of a node; answers its users.
    pub(super) fn remove_node(&self, node: &NodeName) -> Vec<UserId> {
        let users = self.presence.lock().remove_node(node, self.moment());
        for partition in &self.partitions {
            partition.lock().routes.retain(|_, nodes| {
                nodes.remove(node);
                !nodes.is_empty()
            });
        }
        self.inboxes.remove(node);
        users
    }
}

#[async_trait]
impl Registry for LocalBackplane {
    async fn register(&self, user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError> {
        Ok(self.presence.lock().register(user, record, self.moment()))
    }

    async fn unregister(&self, user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError> {
        Ok(self.presence.lock().unregister(user, record, self.moment()))
    }

    async fn whereabouts(&self, users: &[UserId]) -> Result<Vec<UserPresence>, BackplaneError> {
        let presence = self.presence.lock();
        Ok(users.iter().map(|user| presence.of(user)).collect())
    }

    async fn join_routes(
        &self,
        partition: Partition,
        groups: &[GroupId],
        node: &NodeName,
        generation: u64,
    ) -> Result<Vec<Joined>, BackplaneError> {
        let state = self.partition(partition);
        let mut state = state.lock();
        let join = |id: &GroupId| {
            let nodes = state.routes.entry(id.clone()).or_default();
            let held = nodes.entry(node.clone()).or_default();
            *held = generation.max(*held);
            let Some(group) = state.groups.get(id) else { return Joined::default() };
            Joined { head: Some(group.stored), last: group.recent.at_head(group.stored.seq) }
        };
        Ok(groups.iter().map(join).collect())
    }

    async fn leave_route(
        &self,
        partition: Partition,
        group: &GroupId,
        node: &NodeName,
        generation: u64,
    ) -> Result<(), BackplaneError> {
        let state = self.partition(partition);
        let mut state = state.lock();
        if let Some(nodes) = state.routes.get_mut(group) {
            nodes.retain(|other, held| other != node || *held > generation);
            if nodes.is_empty() {
                state.routes.remove(group);
            }
        }
        Ok(())
    }

    async fn routes(&self, partition: Partition, group: &GroupId) -> Result<Vec<NodeName>, BackplaneError> {
        Ok(self.partition(partition).lock().route(group))
    }
}
