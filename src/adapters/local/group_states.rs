//! [`GroupStates`] in process.

use async_trait::async_trait;
use bytes::Bytes;

use super::LocalBackplane;
use crate::domain::{Base, GroupId, Head, NodeName, Role, Seq, UserId};
use crate::ports::{BackplaneError, GroupSnapshot, GroupStates, Partition};

#[async_trait]
impl GroupStates for LocalBackplane {
    async fn restore(
        &self,
        partition: Partition,
        origin: &NodeName,
        floor: &GroupSnapshot,
    ) -> Result<bool, BackplaneError> {
        let restored = self.partition(partition).lock().restore(&self.context(), origin, floor);
        self.appended.notify_waiters();
        Ok(restored)
    }

    async fn roles(
        &self,
        partition: Partition,
        group: &GroupId,
        users: &[UserId],
    ) -> Result<Option<Vec<Option<Role>>>, BackplaneError> {
        Ok(self.partition(partition).lock().roles(group, users))
    }

    async fn heads(&self, partition: Partition, groups: &[GroupId]) -> Result<Vec<Option<Head>>, BackplaneError> {
        let state = self.partition(partition);
        let state = state.lock();
        Ok(groups.iter().map(|id| state.groups.get(id).map(|group| group.stored)).collect())
    }

    async fn moved_since(
        &self,
        partition: Partition,
        after: u64,
    ) -> Result<(u64, Option<Vec<(GroupId, Option<Head>)>>), BackplaneError> {
        let state = self.partition(partition);
        let state = state.lock();
        let with_head = |id: GroupId| {
            let head = state.groups.get(&id).map(|group| group.stored);
            (id, head)
        };
        let moved = state.moves.since(after).map(|ids| ids.into_iter().map(with_head).collect());
        Ok((state.moves.newest(), moved))
    }

    async fn note_move(&self, partition: Partition, group: &GroupId) -> Result<(), BackplaneError> {
        self.partition(partition).lock().note_move(&self.context(), group);
        Ok(())
    }

    async fn recent(
        &self,
        partition: Partition,
        group: &GroupId,
        after: Seq,
    ) -> Result<Vec<(Seq, Bytes)>, BackplaneError> {
        let state = self.partition(partition);
        let state = state.lock();
        Ok(state.groups.get(group).map(|group| group.recent.after(after)).unwrap_or_default())
    }

    async fn forget_group(
        &self,
        partition: Partition,
        group: &GroupId,
        life: Seq,
        stored: Head,
    ) -> Result<Base, BackplaneError> {
        Ok(self.partition(partition).lock().forget_group(&self.context(), group, life, stored))
    }
}
