//! Groups are made: a document first, then the events that bring the members.

use std::collections::HashSet;
use std::sync::Arc;

use super::changes::{Change, Changes};
use super::roll::Membership;
use crate::domain::{
    Access, Base, Cid, Code, Group, GroupId, GroupKind, GroupSettings, Kind, Name, PasswordHash, Refusal, Role, UserId,
    now_ms,
};
use crate::hub::features::deletion::GroupDeletion;
use crate::hub::local::LocalGroups;
use crate::hub::pipeline::restore::Restorer;
use crate::ports::{GroupStore, MessageStore, Permission};

/// The events that bring a new group its members, in their order: with which role, and what of [`Cid::of_hub`].
const CREATION_EVENTS: [(Role, &str); 2] = [(Role::Admin, "create.admin"), (Role::Member, "create")];

/// A group as somebody wants it.
pub(crate) struct NewGroup {
    pub(crate) name: String,
    /// Who is in it beside whoever makes it.
    pub(crate) users: Vec<UserId>,
    pub(crate) access: Access,
    pub(crate) password: Option<PasswordHash>,
}

/// Makes groups.
pub(crate) struct Creation {
    membership: Arc<Membership>,
    changes: Arc<Changes>,
    deletion: Arc<GroupDeletion>,
    documents: Arc<dyn GroupStore>,
    messages: Arc<dyn MessageStore>,
    restorer: Arc<Restorer>,
    groups: Arc<LocalGroups>,
}

// === impl Creation ===

impl Creation {
    pub(crate) fn new(
        membership: Arc<Membership>,
        changes: Arc<Changes>,
        deletion: Arc<GroupDeletion>,
        documents: Arc<dyn GroupStore>,
        messages: Arc<dyn MessageStore>,
        restorer: Arc<Restorer>,
        groups: Arc<LocalGroups>,
    ) -> Self {
        Self { membership, changes, deletion, documents, messages, restorer, groups }
    }

    /// Refuses more members than a group may have.
    pub(crate) fn check_count(&self, count: usize) -> Result<(), Refusal> {
        self.changes.check_count(count)
    }

    /// Makes a group; the creator is its first admin. The same creator and cid make it once.
    pub(crate) async fn create_group(
        &self,
        creator: &UserId,
        new: NewGroup,
        cid: Option<Cid>,
    ) -> Result<GroupId, Refusal> {
        let NewGroup { name, users, access, password } = new;
        let name = Name::asked("name", &name)?;
        let settings = GroupSettings { password, ..GroupSettings::default() };
        let id = cid.map_or_else(GroupId::random, |cid| GroupId::created_by(creator, &cid));
        let mut members = vec![creator.clone()];
        members.extend(users.into_iter().filter(|user| user != creator));
        let document = Group { settings, ..memberless(&id, GroupKind::Group, name.into(), access) };
        self.make(document, members).await?;
        Ok(id)
    }

    /// The direct chat of two people, made when there is none: once, however many ask.
    pub(crate) async fn direct_group(&self, from: &UserId, peer: &UserId) -> Result<GroupId, Refusal> {
        if from == peer {
            return Err(Refusal::bad_frame("`to` must be somebody else"));
        }
        let id = GroupId::direct(from, peer);
        if self.groups.get(&id).is_some() {
            return Ok(id);
        }
        let stored = self.documents.group(&id).await?;
        if stored.is_some_and(|group| group.is_created()) {
            return Ok(id);
        }
        self.create(&id, GroupKind::Direct, String::new(), vec![from.clone(), peer.clone()], Access::Members).await?;
        Ok(id)
    }

    /// Stores a new group and appends its first events. Safe to repeat: what is there stands.
    pub(crate) async fn create(
        &self,
        id: &GroupId,
        kind: GroupKind,
        name: String,
        users: Vec<UserId>,
        access: Access,
    ) -> Result<(), Refusal> {
        self.make(memberless(id, kind, name, access), users).await
    }

    /// The same, with the document that it begins with.
    async fn make(&self, document: Group, mut users: Vec<UserId>) -> Result<(), Refusal> {
        let (id, kind) = (&document.id, document.kind);
        let mut seen = HashSet::new();
        users.retain(|user| seen.insert(user.clone()));
        self.changes.check_count(users.len())?;
        let first = users.first().cloned().unwrap_or_else(UserId::hub);
        if let Err(refusal) = self.membership.may_join(&users, id).await {
            // A repetition adds nobody, so whoever may not join any more does not matter to it.
            return if self.creation_left(id, &first).await?.is_empty() { Ok(()) } else { Err(refusal) };
        }
        let role = |user: &UserId| if kind == GroupKind::Group && *user == first { Role::Admin } else { Role::Member };
        let members: Vec<_> = users.iter().map(|user| (role(user), user.clone())).collect();
        let new = self.deletion.make_document(&document).await?;
        if new {
            // Whatever the backplane still holds is of an earlier life.
            self.restorer.restore(id).await.map_err(deleted_meanwhile)?;
        }
        let left = if new { &CREATION_EVENTS } else { self.creation_left(id, &first).await? };
        for (role, cid) in left {
            let users: Vec<_> = members.iter().filter(|(of, _)| of == role).map(|(_, user)| user.clone()).collect();
            if users.is_empty() {
                continue;
            }
            // The creator may have ceased to be an admin since the first event.
            let by_admin = kind == GroupKind::Group && *role == Role::Member;
            let permission = if by_admin { Permission::Admin } else { Permission::Hub };
            let (role, cid) = (*role, Cid::of_hub(cid));
            let change = Change { group: id, actor: &first, kind: Kind::Joined, users, permission, role, cid };
            self.changes.make(change).await.map_err(deleted_meanwhile)?;
        }
        Ok(())
    }

    /// What is still to be done of the founding of a group that is there already. Once anything else has
    /// happened to its members, nothing: who repeats a `create` has no say in who belongs to it now.
    async fn creation_left(&self, id: &GroupId, creator: &UserId) -> Result<&'static [(Role, &'static str)], Refusal> {
        let stored = self.documents.group(id).await?;
        let Some(stored) = stored.filter(Group::is_created) else { return Ok(&CREATION_EVENTS) };
        let alone = matches!(&stored.members[..], [one] if one.id == *creator && one.role == Role::Admin);
        if !alone {
            return Ok(&[]);
        }
        let newest = self.messages.event(id, stored.version).await?;
        let half_done = newest.is_some_and(|event| event.cid == Cid::of_hub(CREATION_EVENTS[0].1));
        Ok(if half_done { &CREATION_EVENTS[1..] } else { &[] })
    }
}

/// The document that a group begins with. Members come by events only, so that whoever dies between leaves nothing half
/// done.
fn memberless(id: &GroupId, kind: GroupKind, name: String, access: Access) -> Group {
    Group {
        id: id.clone(),
        kind,
        name,
        access,
        members: Vec::new(),
        version: 0,
        created: now_ms(),
        first: 1,
        base: Base::default(),
        settings: GroupSettings::default(),
    }
}

/// What is made may be made again, where it was deleted while it was being made.
fn deleted_meanwhile(refusal: Refusal) -> Refusal {
    if refusal.code == Code::NotFound { Refusal::unavailable() } else { refusal }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, user};

    #[tokio::test(start_paused = true)]
    async fn members_come_by_events_the_creator_first_and_nobody_who_is_not_known() {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna", "bob"], []));
        bed.log.stores_changes.store(true, Relaxed);
        let creation = bed.creation();
        let create = async |users: Vec<UserId>| {
            let new = NewGroup { name: "tea".into(), users, access: Access::Members, password: None };
            creation.create_group(&user("anna"), new, None).await
        };
        let id = create(vec![user("bob")]).await.unwrap();
        let changes: Vec<_> = bed.log.changes.lock().drain(..).map(|change| (change.role, change.users)).collect();
        assert_eq!(changes, [(Role::Admin, vec![user("anna")]), (Role::Member, vec![user("bob")])]);
        assert!(bed.store.group(&id).await.unwrap().unwrap().members.is_empty());
        assert_eq!(create(vec![user("nobody")]).await.unwrap_err().code, Code::NotFound);
        let alone = creation.direct_group(&user("anna"), &user("anna")).await.unwrap_err();
        assert_eq!((alone.code, bed.log.changes.lock().len()), (Code::BadFrame, 0));
    }
}
