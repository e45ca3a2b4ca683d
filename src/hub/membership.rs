//! Groups are made, and people join and leave them: each change an event in the sequence.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::Hub;
use super::codec::{PeerEvent, PeerMessage};
use super::handle::SessionHandle;
use crate::domain::{
    Access, Base, Cid, Code, Ending, Group, GroupId, GroupKind, Kind, Mark, Profile, Refusal, Role, User, UserId,
    now_ms,
};
use crate::kernel::Backoff;
use crate::ports::{ChangeOutcome, ChangeRequest, Permission};
use crate::protocol::{RequestId, ServerFrame};

/// Longest name of a group, in Unicode scalar values.
const NAME_MAX: usize = 200;
/// Between two looks at whether a change is stored: most are within milliseconds.
const LOOK: Backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(100));
/// The events that bring a new group its members, in their order: with which role, and what of [`Cid::of_hub`].
const CREATION_EVENTS: [(Role, &str); 2] = [(Role::Admin, "create.admin"), (Role::Member, "create")];

impl Hub {
    /// Makes a group; the creator is its first admin. The same creator and cid make it once.
    pub(crate) async fn create_group(
        self: &Arc<Self>,
        creator: &UserId,
        name: String,
        users: Vec<UserId>,
        access: Access,
        cid: Option<Cid>,
    ) -> Result<GroupId, Refusal> {
        if name.trim().is_empty() || name.chars().count() > NAME_MAX {
            return Err(Refusal::bad_frame(format!("`name` must have 1 to {NAME_MAX} characters")));
        }
        let id = cid.map_or_else(GroupId::random, |cid| GroupId::created_by(creator, &cid));
        let mut members = vec![creator.clone()];
        members.extend(users.into_iter().filter(|user| user != creator));
        self.create(&id, GroupKind::Group, name, members, access).await?;
        Ok(id)
    }

    /// The direct chat of two people, made when there is none: once, however many ask.
    pub(crate) async fn direct_group(self: &Arc<Self>, from: &UserId, peer: &UserId) -> Result<GroupId, Refusal> {
        if from == peer {
            return Err(Refusal::bad_frame("`to` must be somebody else"));
        }
        let id = GroupId::direct(from, peer);
        if self.groups.get(&id).is_some() {
            return Ok(id);
        }
        let stored = self.store.group(&id).await?;
        if stored.is_some_and(|group| group.is_created()) {
            return Ok(id);
        }
        self.create(&id, GroupKind::Direct, String::new(), vec![from.clone(), peer.clone()], Access::Members).await?;
        Ok(id)
    }

    /// Stores a new group and appends its first events. Safe to repeat: what is there stands.
    pub(crate) async fn create(
        self: &Arc<Self>,
        id: &GroupId,
        kind: GroupKind,
        name: String,
        mut users: Vec<UserId>,
        access: Access,
    ) -> Result<(), Refusal> {
        let mut seen = HashSet::new();
        users.retain(|user| seen.insert(user.clone()));
        self.check_count(users.len())?;
        let first = users.first().cloned().unwrap_or_else(UserId::hub);
        if let Err(refusal) = self.may_join(&users, id).await {
            // A repetition adds nobody, so whoever may not join any more does not matter to it.
            return if self.creation_left(id, &first).await?.is_empty() { Ok(()) } else { Err(refusal) };
        }
        let role = |user: &UserId| if kind == GroupKind::Group && *user == first { Role::Admin } else { Role::Member };
        let members: Vec<_> = users.iter().map(|user| (role(user), user.clone())).collect();
        let group = Group {
            id: id.clone(),
            kind,
            name,
            access,
            // Members come by events only, so that whoever dies between leaves nothing half done.
            members: Vec::new(),
            version: 0,
            created: now_ms(),
            first: 1,
            base: Base::default(),
        };
        let new = self.make_document(&group).await?;
        if new {
            // Whatever the backplane still holds is of an earlier life.
            self.restore(id).await.map_err(deleted_meanwhile)?;
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
            let change = self.change(id, &first, Kind::Joined, users, permission, *role, Cid::of_hub(cid));
            self.append_change(&change).await.map_err(deleted_meanwhile)?;
        }
        Ok(())
    }

    /// What is still to be done of the founding of a group that is there already. Once anything else has
    /// happened to its members, nothing: who repeats a `create` has no say in who belongs to it now.
    async fn creation_left(&self, id: &GroupId, creator: &UserId) -> Result<&'static [(Role, &'static str)], Refusal> {
        let stored = self.store.group(id).await?;
        let Some(stored) = stored.filter(Group::is_created) else { return Ok(&CREATION_EVENTS) };
        let alone = matches!(&stored.members[..], [one] if one.id == *creator && one.role == Role::Admin);
        if !alone {
            return Ok(&[]);
        }
        let newest = self.store.event(id, stored.version).await?;
        let half_done = newest.is_some_and(|event| event.cid == Cid::of_hub(CREATION_EVENTS[0].1));
        Ok(if half_done { &CREATION_EVENTS[1..] } else { &[] })
    }

    fn check_count(&self, count: usize) -> Result<(), Refusal> {
        let most = self.config.max_members;
        if count > most {
            return Err(Refusal::too_large(format!("a group has at most {most} members")));
        }
        Ok(())
    }

    /// Whoever is to join must be known, and have room for a group more; or be in this one already.
    async fn may_join(&self, users: &[UserId], group: &GroupId) -> Result<(), Refusal> {
        let known = self.store.users(users).await?;
        let known = known.iter().filter(|user| !user.is_deleted());
        let known: HashMap<&UserId, &User> = known.map(|user| (&user.id, user)).collect();
        let most = self.config.max_groups;
        for id in users {
            let user = known.get(id).ok_or_else(|| Refusal::not_found(format!("there is no user `{id}`")))?;
            if user.groups.len() >= most && !user.groups.contains_key(group) {
                return Err(Refusal::too_large(format!("`{id}` is in {most} groups; nobody may be in more")));
            }
        }
        Ok(())
    }

    /// Joins an open group.
    pub(crate) async fn join(self: &Arc<Self>, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        self.may_join(std::slice::from_ref(user), group).await?;
        self.change_own(user, group, Kind::Joined).await
    }

    /// Leaves a group.
    pub(crate) async fn leave(self: &Arc<Self>, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        self.change_own(user, group, Kind::Left).await
    }

    async fn change_own(self: &Arc<Self>, user: &UserId, group: &GroupId, kind: Kind) -> Result<(), Refusal> {
        let users = vec![user.clone()];
        let change = self.change(group, user, kind, users, Permission::Oneself, Role::Member, Cid::random());
        self.append_change(&change).await
    }

    /// Adds people, as an admin.
    pub(crate) async fn add(
        self: &Arc<Self>,
        actor: &UserId,
        group: &GroupId,
        users: Vec<UserId>,
    ) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        self.may_join(&users, group).await?;
        let change = self.change(group, actor, Kind::Joined, users, Permission::Admin, Role::Member, Cid::random());
        self.append_change(&change).await
    }

    /// Removes people, as an admin.
    pub(crate) async fn remove(
        self: &Arc<Self>,
        actor: &UserId,
        group: &GroupId,
        users: Vec<UserId>,
    ) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        let change = self.change(group, actor, Kind::Left, users, Permission::Admin, Role::Member, Cid::random());
        self.append_change(&change).await
    }

    /// Removes people, as the operator.
    pub async fn expel(self: &Arc<Self>, group: &GroupId, users: Vec<UserId>) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        let (actor, cid) = (UserId::hub(), Cid::random());
        let change = self.change(group, &actor, Kind::Left, users, Permission::Hub, Role::Member, cid);
        self.append_change(&change).await
    }

    /// Makes members admins, as the operator.
    pub async fn make_admin(self: &Arc<Self>, group: &GroupId, user: &UserId) -> Result<(), Refusal> {
        self.not_direct(group).await?;
        let users = vec![user.clone()];
        let change = self.change(group, &UserId::hub(), Kind::Role, users, Permission::Hub, Role::Admin, Cid::random());
        self.append_change(&change).await
    }

    async fn not_direct(&self, group: &GroupId) -> Result<(), Refusal> {
        let stored = self.store.group(group).await?;
        let stored = stored.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        match stored.kind {
            GroupKind::Group => Ok(()),
            GroupKind::Direct => Err(Refusal::forbidden("nobody joins or leaves a direct chat")),
            GroupKind::Other(_) => {
                Err(Refusal::forbidden("this node does not know groups of this kind; ask a newer one"))
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn change(
        &self,
        group: &GroupId,
        actor: &UserId,
        kind: Kind,
        users: Vec<UserId>,
        permission: Permission,
        role: Role,
        cid: Cid,
    ) -> ChangeRequest {
        let max_members = self.config.max_members;
        ChangeRequest { group: group.clone(), actor: actor.clone(), kind, role, users, permission, max_members, cid }
    }

    /// Appends a membership change, and waits until all that it brought is stored. The group's state is restored first
    /// where it is absent.
    async fn append_change(self: &Arc<Self>, change: &ChangeRequest) -> Result<(), Refusal> {
        let partition = self.partition(&change.group);
        for _ in 0..2 {
            let outcome = self.backplane.change_members(partition, &self.node.name(), change).await;
            match outcome? {
                ChangeOutcome::Accepted { seq } => return self.until_stored(&change.group, seq).await,
                ChangeOutcome::Unchanged => return Ok(()),
                ChangeOutcome::Forbidden => return Err(Refusal::forbidden(forbidden_reason(change))),
                ChangeOutcome::TooMany => return self.check_count(usize::MAX),
                ChangeOutcome::NoAdmin => {
                    let message = "a group with members has an admin: make another member admin first";
                    return Err(Refusal::new(Code::Conflict, message));
                }
                ChangeOutcome::Full => {
                    return Err(Refusal::overloaded("the hub is storing more than it can; try again"));
                }
                ChangeOutcome::Unknown => drop(self.restore_held(&change.group).await?),
            }
        }
        Err(Refusal::unavailable())
    }

    /// Waits until a membership event is stored, so that `ok` means what it says.
    async fn until_stored(&self, group: &GroupId, seq: crate::domain::Seq) -> Result<(), Refusal> {
        let partition = self.partition(group);
        let wait = async {
            let mut look = LOOK;
            loop {
                let heads = self.backplane.heads(partition, std::slice::from_ref(group)).await;
                match heads.map(|heads| heads.first().copied().flatten()) {
                    Ok(Some(head)) if head.seq >= seq => return Ok(()),
                    // It may have been deleted meanwhile: then it never will be stored.
                    Ok(None) if matches!(self.store.group(group).await, Ok(None)) => return Err(Refusal::unavailable()),
                    _ => {}
                }
                look.pause().await;
            }
        };
        tokio::time::timeout(self.config.send_timeout, wait).await.unwrap_or_else(|_| Err(Refusal::unavailable()))
    }

    /// Answers `create` with the group as its creator sees it; who repeats it and has left since is told so.
    pub(crate) async fn show_group(
        self: &Arc<Self>,
        session: &Arc<SessionHandle>,
        re: Option<&RequestId>,
        id: &GroupId,
    ) -> Result<(), Refusal> {
        let stored = self.store.group(id).await?;
        let group = stored.ok_or_else(Refusal::unavailable)?;
        if group.member(&session.user).is_none() {
            session.send(&ServerFrame::gone(re, id));
            return Ok(());
        }
        self.member_names(std::iter::once(&group)).await?;
        let head = group.head(self.store.head(id).await?);
        let mark = Mark { read: head.seq, n: head.n, delivered: head.seq };
        let view = self.view(&group, head, mark, None, &session.user);
        session.send(&ServerFrame::group(re, &view));
        Ok(())
    }

    /// Closes a user's sessions on all nodes; a ban lasts until it is lifted.
    pub async fn ban(self: &Arc<Self>, user: &UserId, banned: bool) -> Result<(), Refusal> {
        self.store.set_banned(user, banned).await?;
        if banned { self.kick(user, true).await } else { Ok(()) }
    }

    /// Closes a user's sessions on all nodes.
    pub async fn kick(self: &Arc<Self>, user: &UserId, banned: bool) -> Result<(), Refusal> {
        self.tell_all_nodes(vec![PeerEvent::Evict { user: user.clone(), banned }]).await
    }

    /// Puts items into the inboxes of all live nodes, this one included.
    pub(crate) async fn tell_all_nodes(self: &Arc<Self>, items: Vec<PeerEvent>) -> Result<(), Refusal> {
        let peer_message = PeerMessage::encode(&items);
        let view = self.node.view();
        let posts: Vec<_> = view.nodes.iter().map(|node| (node.node.clone(), peer_message.clone())).collect();
        Ok(self.backplane.post(&posts).await?)
    }

    pub(crate) fn evict(&self, user: &UserId, banned: bool) {
        let ending = if banned { Ending::Banned } else { Ending::Kicked };
        self.users.sessions(user).iter().for_each(|session| session.close(ending.clone()));
    }

    /// Makes users who are not known yet, for services that name people first.
    pub(crate) async fn ensure_users(&self, users: &[UserId]) -> Result<(), Refusal> {
        let profile = |user: &UserId| Profile { username: user.as_str().to_lowercase(), name: user.to_string() };
        let named: Vec<_> = users.iter().map(|user| (user.clone(), profile(user))).collect();
        self.known_or_made(&named).await?;
        Ok(())
    }
}

/// What is made may be made again, where it was deleted while it was being made.
fn deleted_meanwhile(refusal: Refusal) -> Refusal {
    if refusal.code == Code::NotFound { Refusal::unavailable() } else { refusal }
}

fn forbidden_reason(change: &ChangeRequest) -> &'static str {
    match (change.permission, change.kind) {
        (Permission::Oneself, Kind::Joined) => "this group takes only those whom an admin adds",
        (Permission::Oneself, _) => "you are not a member of this group",
        _ => "only an admin of this group may do this",
    }
}
