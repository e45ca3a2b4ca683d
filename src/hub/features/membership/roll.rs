//! People join and leave.

use std::collections::HashMap;
use std::sync::Arc;

use super::changes::{Change, Changes};
use super::passwords::GroupPasswords;
use crate::domain::{Access, Cid, Group, GroupId, GroupKind, Kind, Refusal, Role, User, UserId};
use crate::ports::{GroupStore, Permission, UserStore};

/// Members of groups.
pub(crate) struct Membership {
    changes: Arc<Changes>,
    documents: Arc<dyn GroupStore>,
    people: Arc<dyn UserStore>,
    passwords: GroupPasswords,
    /// Greatest number of groups that a user is in.
    max_groups: usize,
}

// === impl Membership ===

impl Membership {
    pub(crate) fn new(
        changes: Arc<Changes>,
        documents: Arc<dyn GroupStore>,
        people: Arc<dyn UserStore>,
        passwords: GroupPasswords,
        max_groups: usize,
    ) -> Self {
        Self { changes, documents, people, passwords, max_groups }
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

    /// Joins an open group, or one whose password the user knows.
    pub(crate) async fn join(&self, user: &UserId, group: &GroupId, password: Option<&str>) -> Result<(), Refusal> {
        let document = self.not_direct(group).await?;
        self.may_join(std::slice::from_ref(user), group).await?;
        let mut permission = Permission::Oneself;
        if document.access == Access::Password && document.member(user).is_none() {
            self.passwords.check(user, &document, password).await?;
            permission = Permission::Password;
        }
        self.change_own(user, group, Kind::Joined, permission).await
    }

    /// Whether somebody may come into a group by themself.
    pub(crate) async fn may_come(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        self.may_join(std::slice::from_ref(user), group).await
    }

    /// Lets in who was invited.
    pub(crate) async fn let_in(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.change_own(user, group, Kind::Joined, Permission::Invited).await
    }

    /// Leaves a group.
    pub(crate) async fn leave(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        self.change_own(user, group, Kind::Left, Permission::Oneself).await
    }

    async fn change_own(
        &self,
        user: &UserId,
        group: &GroupId,
        kind: Kind,
        permission: Permission,
    ) -> Result<(), Refusal> {
        let users = vec![user.clone()];
        let (role, cid) = (Role::Member, Cid::random());
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

    /// Gives members a role, as an admin.
    pub(crate) async fn give_role(
        &self,
        actor: &UserId,
        group: &GroupId,
        users: Vec<UserId>,
        role: Role,
    ) -> Result<(), Refusal> {
        self.changes.check_count(users.len())?;
        self.not_direct(group).await?;
        let (permission, cid) = (Permission::Admin, Cid::random());
        self.changes.make(Change { group, actor, kind: Kind::Role, users, permission, role, cid }).await
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

    async fn not_direct(&self, group: &GroupId) -> Result<Group, Refusal> {
        let stored = self.documents.group(group).await?;
        let stored = stored.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        match stored.kind {
            GroupKind::Group => Ok(stored),
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
    use crate::domain::Code;
    use crate::hub::testing::{Bed, MemoryStore, group, head, user};
    use crate::ports::ChangeOutcome;

    fn membership(bed: &Bed) -> Membership {
        let (log, store, restorer) = (bed.log.clone(), bed.store.clone(), bed.restorer.clone());
        let changes =
            Changes::new(log.clone(), log, store.clone(), restorer, bed.node.clone(), 150, Duration::from_secs(1));
        Membership::new(Arc::new(changes), store.clone(), store, GroupPasswords::new(None), 1)
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
        let code = async |group| membership.join(&user("anna"), group, None).await.unwrap_err().code;
        assert_eq!(code(&direct).await, Code::Forbidden);
        assert_eq!(code(&other).await, Code::TooLarge);
        assert!(bed.log.changes.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_knows_its_password_joins_a_group() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna"], []));
        let mut asking = Group { access: Access::Password, ..group(&id, &[]) };
        asking.settings.password = Some(crate::domain::PasswordHash::stored("secret"));
        bed.store.put_group(asking);
        bed.log.stores_changes.store(true, std::sync::atomic::Ordering::Relaxed);
        let membership = bed.membership();
        let join = async |password| membership.join(&user("anna"), &id, password).await;
        for wrong in [None, Some("wrong")] {
            assert_eq!(join(wrong).await.unwrap_err().code, Code::Forbidden);
        }
        assert!(bed.log.changes.lock().is_empty());
        join(Some("secret")).await.unwrap();
        assert_eq!(bed.log.changes.lock()[0].permission, Permission::Password);
    }
}
