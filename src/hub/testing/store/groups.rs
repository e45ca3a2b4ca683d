//! Groups in memory.

use std::sync::atomic::Ordering::Relaxed;

use async_trait::async_trait;

use super::{Answer, MemoryStore};
use crate::domain::{Base, Group, GroupId, GroupUpdate, MembershipChange, PasswordHash, Seq};
use crate::ports::{Deletion, GroupStore, StoreError};

// === impl MemoryStore ===

impl MemoryStore {
    fn by_id(&self) -> Vec<Group> {
        let mut groups: Vec<_> = self.groups.lock().values().cloned().collect();
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        groups
    }
}

#[async_trait]
impl GroupStore for MemoryStore {
    async fn create_group(&self, group: &Group) -> Answer<bool> {
        let new = !self.groups.lock().contains_key(&group.id);
        if new {
            self.put_group(group.clone());
        }
        self.answer(new)
    }

    async fn group(&self, id: &GroupId) -> Answer<Option<Group>> {
        let found = self.groups.lock().get(id).cloned();
        self.late(found).await
    }

    async fn groups(&self, ids: &[GroupId]) -> Answer<Vec<Group>> {
        self.note("groups");
        let found = {
            let groups = self.groups.lock();
            ids.iter().filter_map(|id| groups.get(id).cloned()).collect()
        };
        self.late(found).await
    }

    async fn apply_membership(&self, id: &GroupId, seq: Seq, change: &MembershipChange) -> Answer<()> {
        if let Some(group) = self.groups.lock().get_mut(id) {
            group.apply(seq, change);
        }
        self.answer(())
    }

    async fn apply_update(&self, id: &GroupId, seq: Seq, update: &GroupUpdate) -> Answer<()> {
        if self.refuses_effects.load(Relaxed) {
            return Err(StoreError::Refused("no effects".into()));
        }
        if let Some(group) = self.groups.lock().get_mut(id) {
            group.update(seq, update);
        }
        self.answer(())
    }

    async fn set_group_password(&self, id: &GroupId, _: Seq, password: &PasswordHash) -> Answer<()> {
        if let Some(group) = self.groups.lock().get_mut(id) {
            group.settings.password = Some(password.clone());
        }
        self.answer(())
    }

    async fn all_groups(&self, page: usize, per_page: usize) -> Answer<Vec<Group>> {
        self.answer(self.by_id().into_iter().skip(page * per_page).take(per_page).collect())
    }

    async fn begin_deletion(&self, id: &GroupId) -> Answer<Option<Deletion>> {
        self.answer(self.groups.lock().remove(id).map(|group| Deletion { life: group.base.seq, base: None }))
    }

    async fn deletion(&self, _: &GroupId) -> Answer<Option<Deletion>> {
        self.answer(None)
    }

    async fn finish_deletion(&self, id: &GroupId, _: &Deletion, _: Base) -> Answer<()> {
        self.events.lock().retain(|(group, _), _| group != id);
        self.answer(())
    }

    async fn sweep_group(&self, _: &GroupId) -> Answer<()> {
        self.answer(())
    }
}
