//! Groups are changed by their admins.

use std::sync::Arc;

use crate::domain::{Access, Cid, Group, GroupId, GroupKind, GroupUpdate, Kind, Refusal, Role, UserId};
use crate::hub::codec::Body;
use crate::hub::features::membership::{ADMINS_ONLY, Changes, GroupPasswords};
use crate::hub::node::NodeState;
use crate::ports::{GroupStore, UpdateRequest};

/// Changes what admins set.
pub(crate) struct Settings {
    changes: Arc<Changes>,
    documents: Arc<dyn GroupStore>,
    passwords: GroupPasswords,
    node: Arc<NodeState>,
}

// === impl Settings ===

impl Settings {
    pub(crate) fn new(
        changes: Arc<Changes>,
        documents: Arc<dyn GroupStore>,
        passwords: GroupPasswords,
        node: Arc<NodeState>,
    ) -> Self {
        Self { changes, documents, passwords, node }
    }

    /// Changes a group, as an admin; done once it is stored. Where nothing differs nothing is appended. A password is no
    /// part of the event: it is set before, so that nobody joins by the one of before.
    pub(crate) async fn change(
        &self,
        actor: &UserId,
        id: &GroupId,
        mut asked: GroupUpdate,
        password: Option<&str>,
    ) -> Result<(), Refusal> {
        if password.is_some() {
            asked.access.get_or_insert(Access::Password);
        }
        if let Some(row) = Kind::Updated.row() {
            self.node.view().features.check(row)?;
        }
        let group = self.documents.group(id).await?;
        let group = group.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        check_kind(&group)?;
        self.set_password(actor, &group, asked.access.unwrap_or(group.access), password).await?;
        let update = group.differing(asked);
        if update.is_empty() {
            // What differs is decided with the append: the member set says there who is an admin.
            return check_admin(&group, actor);
        }
        let body = Body::new(None, None, Some(update.to_data())).encode();
        let (group, actor, rules, cid) = (id.clone(), actor.clone(), update.rules(), Cid::random());
        self.changes.update(&UpdateRequest { group, actor, rules, body, cid }).await
    }
}

impl Settings {
    /// Sets the password that a group is to have, where one is given, or it has none and needs one.
    async fn set_password(
        &self,
        actor: &UserId,
        group: &Group,
        access: Access,
        password: Option<&str>,
    ) -> Result<(), Refusal> {
        if password.is_none() && (access != Access::Password || group.settings.password.is_some()) {
            return Ok(());
        }
        check_admin(group, actor)?;
        match self.passwords.needed(access, password).await? {
            Some(hash) => Ok(self.documents.set_group_password(&group.id, group.base.seq, &hash).await?),
            None => Ok(()),
        }
    }
}

fn check_kind(group: &Group) -> Result<(), Refusal> {
    match group.kind {
        GroupKind::Group => Ok(()),
        GroupKind::Direct => Err(Refusal::forbidden("nobody changes a direct chat")),
        GroupKind::Other(_) => Err(Refusal::forbidden("this node does not know groups of this kind; ask a newer one")),
    }
}

fn check_admin(group: &Group, actor: &UserId) -> Result<(), Refusal> {
    match group.member(actor) {
        Some(member) if member.role == Role::Admin => Ok(()),
        _ => Err(Refusal::forbidden(ADMINS_ONLY)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;
    use crate::domain::{Code, KINDS, Member, PasswordHash};
    use crate::hub::node::known;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, group, user};
    use crate::ports::{ChangeOutcome, NodeRecord};

    /// A group of anna, its admin, and bob.
    fn bed() -> (Bed, GroupId) {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna", "bob"], []));
        let mut led = group(&id, &["anna", "bob"]);
        led.members[0] = Member { role: Role::Admin, ..led.members[0].clone() };
        bed.store.put_group(led);
        bed.log.stores_changes.store(true, Relaxed);
        bed.node.saw(vec![NodeRecord { knows: known(&KINDS), ..record("new.1") }], 1);
        (bed, id)
    }

    fn named(name: &str) -> GroupUpdate {
        GroupUpdate { name: Some(name.into()), ..GroupUpdate::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn what_differs_is_appended_and_nothing_where_nothing_does() {
        let (bed, id) = bed();
        let settings = bed.settings();
        let asked = GroupUpdate { access: Some(Access::Open), ..named("tea") };
        settings.change(&user("anna"), &id, asked, None).await.unwrap();
        settings.change(&user("anna"), &id, named("tea"), None).await.unwrap();
        assert_eq!(settings.change(&user("bob"), &id, named("tea"), None).await.unwrap_err().code, Code::Forbidden);
        let updates = bed.log.updates.lock();
        assert_eq!((updates.len(), updates[0].rules.access), (1, Some(Access::Open)));
        assert_eq!(
            updates[0].body,
            Body::new(
                None,
                None,
                Some(GroupUpdate { name: None, access: Some(Access::Open), ..GroupUpdate::default() }.to_data())
            )
            .encode()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whom_the_backplane_refuses_is_told_why_and_direct_chats_do_not_change() {
        let (bed, id) = bed();
        let settings = bed.settings();
        let code = async |actor, id| settings.change(&user(actor), id, named("coffee"), None).await.unwrap_err().code;
        bed.log.outcomes.lock().push_back(ChangeOutcome::Forbidden);
        assert_eq!(code("bob", &id).await, Code::Forbidden);
        let (direct, absent) = (GroupId::random(), GroupId::random());
        assert_eq!(code("anna", &absent).await, Code::NotFound);
        bed.store.put_group(Group { kind: GroupKind::Direct, ..group(&direct, &["anna"]) });
        assert_eq!(code("anna", &direct).await, Code::Forbidden);
        assert_eq!(bed.log.updates.lock().len(), 1);
    }

    #[tokio::test]
    async fn nothing_is_changed_while_a_node_lives_that_does_not_know_how() {
        let (bed, id) = bed();
        bed.node.saw(vec![record("old.1")], 2);
        let refused = bed.settings().change(&user("anna"), &id, named("coffee"), None).await.unwrap_err();
        assert!(refused.code == Code::Unsupported && refused.message.contains("`kind:updated`"), "{refused}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_password_is_set_by_an_admin_alone_and_stands_in_no_event() {
        let (bed, id) = bed();
        let settings = bed.settings();
        let access = |access| GroupUpdate { access: Some(access), ..GroupUpdate::default() };
        let change = async |actor, asked, password| settings.change(&user(actor), &id, asked, password).await;
        let code = async |actor, asked, password| change(actor, asked, password).await.unwrap_err().code;
        assert_eq!(code("anna", access(Access::Password), None).await, Code::BadFrame);
        assert_eq!(code("anna", access(Access::Open), Some("secret")).await, Code::BadFrame);
        assert_eq!(code("bob", access(Access::Password), Some("secret")).await, Code::Forbidden);
        assert!(bed.store.group(&id).await.unwrap().unwrap().settings.password.is_none());
        change("anna", access(Access::Password), Some("secret")).await.unwrap();
        let group = bed.store.group(&id).await.unwrap().unwrap();
        assert_eq!(group.settings.password.as_ref().map(PasswordHash::as_str), Some("secret"));
        let body = bed.log.updates.lock()[0].body.clone();
        assert!(!body.windows(6).any(|part| part == b"secret"), "{body:?}");
        bed.store.put_group(Group { access: Access::Password, ..group });
        change("anna", GroupUpdate::default(), Some("another")).await.unwrap();
        change("anna", access(Access::Password), None).await.unwrap();
        assert_eq!(bed.log.updates.lock().len(), 1);
        let group = bed.store.group(&id).await.unwrap().unwrap();
        assert_eq!(group.settings.password.as_ref().map(PasswordHash::as_str), Some("another"));
    }
}
