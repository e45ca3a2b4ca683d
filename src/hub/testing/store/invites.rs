//! Invites in memory.

use async_trait::async_trait;

use super::{Answer, MemoryStore};
use crate::domain::{GroupId, Invite, InviteId, now_ms};
use crate::ports::InviteStore;

#[async_trait]
impl InviteStore for MemoryStore {
    async fn add_invite(&self, invite: &Invite, most: usize) -> Answer<bool> {
        if self.invites(&invite.group).await?.len() >= most {
            return Ok(false);
        }
        self.invites.lock().push(invite.clone());
        self.answer(true)
    }

    async fn invites(&self, group: &GroupId) -> Answer<Vec<Invite>> {
        let invites = self.invites.lock();
        let open = invites.iter().filter(|invite| invite.group == *group && invite.is_open(now_ms()));
        self.answer(open.cloned().collect())
    }

    async fn invite(&self, id: &InviteId) -> Answer<Option<Invite>> {
        let invites = self.invites.lock();
        self.answer(invites.iter().find(|invite| invite.id == *id && invite.is_open(now_ms())).cloned())
    }

    async fn use_invite(&self, id: &InviteId) -> Answer<bool> {
        let mut invites = self.invites.lock();
        let open = invites.iter_mut().find(|invite| invite.id == *id && invite.is_open(now_ms()));
        self.answer(open.map(|invite| invite.used += 1).is_some())
    }

    async fn return_use(&self, id: &InviteId) -> Answer<()> {
        self.invites.lock().iter_mut().filter(|invite| invite.id == *id).for_each(|invite| invite.used -= 1);
        self.answer(())
    }

    async fn remove_invite(&self, _: &GroupId, id: &InviteId) -> Answer<()> {
        self.invites.lock().retain(|invite| invite.id != *id);
        self.answer(())
    }
}
