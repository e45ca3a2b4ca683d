//! People join and leave.

use std::collections::HashMap;
use std::sync::Arc;

use super::changes::{Change, Changes};
use crate::domain::{Cid, GroupId, GroupKind, Kind, Refusal, Role, User, UserId};
use crate::ports::{GroupStore, Permission, UserStore};

/// Members of groups.
pub(crate) struct Membership {
    changes: Arc<Changes>,
    documents: Arc<dyn GroupStore>,
    people: Arc<dyn UserStore>,
    /// Greatest number of groups that a user is in.
    max_groups: usize,
}

// === impl Membership ===

impl Membership {
    pub(crate) fn new(
        changes: Arc<Changes>,
        documents: Arc<dyn GroupStore>,
        people: Arc<dyn UserStore>,
        max_groups: usize,
    ) -> Self {
        Self { changes, documents, people, max_groups }
    }

    /// Whoever is to join must be known, and have room for a group more; or be in this one already.
    pub(super) async fn may_join(&self, users: &[UserId], group: &GroupId) -> Result<(), Refusal> {
        let known = self.people.users(users).await?;
        let known = known.iter().filter(|user| !user.is_deleted());
        let known: HashMap<&UserId, &User> = known.map(|user| (&user.id, user)).collect();
        let most = self.max_groups;
        for id in users {
            let user = known.get(id).ok_or_else(|| Refusal::not_found(format!("there is no user `{id}`")))?;
            if user.groups.len() >= most && !user.groups.contains_key(group) {
                return Err(Refusal::too_large(format!("`{id}` is in {most} groups; nobody may be in more")));
            }
        }
        Ok(())
    }

    /// Joins an open group.
    pub(crate) async fn join(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        self.may_join(std::slice::from_ref(user), group).await?;
        self.change_own(user, group, Kind::Joined).await
    }

    /// Leaves a group.
    pub(crate) async fn leave(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        self.change_own(user, group, Kind::Left).await
    }

    async fn change_own(&self, user: &UserId, group: &GroupId, kind: Kind) -> Result<(), Refusal> {
        let users = vec![user.clone()];
        let (permission, role, cid) = (Permission::Oneself, Role::Member, Cid::random());
        self.changes.make(Change { group, actor: user, kind, users, permission, role, cid }).await
    }

    /// Adds people, as an admin.
    pub(crate) async fn add(&self, actor: &UserId, group: &GroupId, users: Vec<UserId>) -> Result<(), Refusal> {
        self.changes.check_count(users.len())?;
        self.not_direct(group).await?;
        self.may_join(&users, group).await?;
        let (permission, role, cid) = (Permission::Admin, Role::Member, Cid::random());
        self.changes.make(Change { group, actor, kind: Kind::Joined, users, permission, role, cid }).await
    }

    /// Removes people, as an admin.
    pub(crate) async fn remove(&self, actor: &UserId, group: &GroupId, users: Vec<UserId>) -> Result<(), Refusal> {
        self.changes.check_count(users.len())?;
        self.not_direct(group).await?;
        let (permission, role, cid) = (Permission::Admin, Role::Member, Cid::random());
        self.changes.make(Change { group, actor, kind: Kind::Left, users, permission, role, cid }).await
    }

    /// Removes people, as the operator.
    pub(crate) async fn expel(&self, group: &GroupId, users: Vec<UserId>) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        let (actor, permission, role, cid) = (&UserId::hub(), Permission::Hub, Role::Member, Cid::random());
        self.changes.make(Change { group, actor, kind: Kind::Left, users, permission, role, cid }).await
    }

    /// Makes members admins, as the operator.
    pub(crate) async fn make_admin(&self, group: &GroupId, user: &UserId) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        let users = vec![user.clone()];
        let (actor, permission, role, cid) = (&UserId::hub(), Permission::Hub, Role::Admin, Cid::random());
        self.changes.make(Change { group, actor, kind: Kind::Role, users, permission, role, cid }).await
    }

    async fn not_direct(&self, group: &GroupId) -> Result<(), Refusal> {
        let stored = self.documents.group(group).await?;
        let stored = stored.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        match stored.kind {
            GroupKind::Group => Ok(()),
            GroupKind::Direct => Err(Refusal::forbidden("nobody joins or leaves a direct chat")),
            GroupKind::Other(_) => {
                Err(Refusal::forbidden("this node does not know groups of this kind; ask a newer one"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Code, Group};
    use crate::hub::testing::{Bed, MemoryStore, group, head, user};
    use crate::ports::ChangeOutcome;

    fn membership(bed: &Bed) -> Membership {
        let (log, store, restorer) = (bed.log.clone(), bed.store.clone(), bed.restorer.clone());
        let changes =
            Changes::new(log.clone(), log, store.clone(), restorer, bed.node.clone(), 150, Duration::from_secs(1));
        Membership::new(Arc::new(changes), store.clone(), store, 1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_done_once_it_is_stored_and_an_absent_state_is_restored_first() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], []));
        bed.log.outcomes.lock().push_back(ChangeOutcome::Unknown);
        let membership = membership(&bed);
        let refused = membership.leave(&user("anna"), &id).await.unwrap_err();
        assert_eq!(refused.code, Code::Unavailable, "it is not stored");
        assert_eq!((bed.log.restored.lock().len(), bed.log.changes.lock().len()), (1, 2));
        bed.log.heads.lock().insert(id.clone(), head(1));
        membership.leave(&user("anna"), &id).await.unwrap();
    }

    #[tokio::test]
    async fn nobody_joins_a_direct_chat_or_more_groups_than_there_may_be() {
        let (id, direct) = (GroupId::random(), GroupId::random());
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], []));
        bed.store.put_group(Group { kind: GroupKind::Direct, ..group(&direct, &["anna"]) });
        let (membership, other) = (membership(&bed), GroupId::random());
        bed.store.put_group(group(&other, &[]));
        let code = async |group| membership.join(&user("anna"), group).await.unwrap_err().code;
        assert_eq!(code(&direct).await, Code::Forbidden);
        assert_eq!(code(&other).await, Code::TooLarge);
        assert!(bed.log.changes.lock().is_empty());
    }
}
