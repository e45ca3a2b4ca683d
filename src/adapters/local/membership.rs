//! The rules by which a membership change is taken.

use std::collections::HashSet;

use super::group::Group;
use crate::domain::{Access, GroupKind, Kind, MembershipChange, Role, UserId};
use crate::ports::{ChangeRequest, Permission};

/// What the rules say of a change.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It changes this.
    Change(MembershipChange),
    Unchanged,
    Forbidden,
    Archived,
    TooMany,
    NoAdmin,
}

/// Judges a change by the present member set.
pub(super) fn judge(group: &Group, request: &ChangeRequest) -> Verdict {
    if !may_ever(group, request) {
        return Verdict::Forbidden;
    }
    if group.rules.archived && !may_while_archived(request) {
        return Verdict::Archived;
    }
    let users = affected(group, request);
    if users.is_empty() {
        return Verdict::Unchanged;
    }
    let needed = match request.permission {
        Permission::Oneself => Some(Access::Open),
        Permission::Password => Some(Access::Password),
        Permission::Invited | Permission::Admin | Permission::Hub => None,
    };
    if request.kind == Kind::Joined && needed.is_some_and(|access| group.rules.access != access) {
        return Verdict::Forbidden;
    }
    if request.kind == Kind::Joined && group.members.len() + users.len() > request.max_members {
        return Verdict::TooMany;
    }
    let demotes = request.kind == Kind::Role && request.role == Role::Member;
    if demotes && group.kind == GroupKind::Group && group.members.admins() <= users.len() {
        return Verdict::NoAdmin;
    }
    Verdict::Change(to_change(request.kind, users, request.role))
}

/// The change that an event of this kind stands for.
pub(super) fn to_change(kind: Kind, users: Vec<UserId>, role: Role) -> MembershipChange {
    match kind {
        Kind::Left => MembershipChange::Left(users),
        Kind::Role => MembershipChange::Role(users, role),
        _ => MembershipChange::Joined(users, role),
    }
}

/// Nobody but the hub changes a direct chat, or a group of a kind that is not known here, and nobody gives themself a role.
fn may_ever(group: &Group, request: &ChangeRequest) -> bool {
    match request.permission {
        Permission::Hub => true,
        _ if group.kind != GroupKind::Group => false,
        Permission::Admin => leads(group, &request.actor),
        Permission::Oneself | Permission::Password | Permission::Invited => {
            let alone = request.users.iter().all(|user| *user == request.actor);
            let plain = request.kind == Kind::Left || request.role == Role::Member;
            alone && plain && request.kind != Kind::Role
        }
    }
}

/// Whether somebody is an admin of a group that admins may change.
pub(super) fn leads(group: &Group, user: &UserId) -> bool {
    group.kind == GroupKind::Group && group.members.role(user) == Some(Role::Admin)
}

/// Of what members do, leaving goes on.
fn may_while_archived(request: &ChangeRequest) -> bool {
    match request.permission {
        Permission::Hub => true,
        Permission::Oneself => request.kind == Kind::Left,
        Permission::Admin | Permission::Password | Permission::Invited => false,
    }
}

/// Those of the users for whom something changes, each once.
fn affected(group: &Group, request: &ChangeRequest) -> Vec<UserId> {
    let mut told = HashSet::new();
    let changes = |user: &UserId| match (request.kind, group.members.role(user)) {
        (Kind::Joined, held) => held.is_none(),
        (Kind::Left, held) => held.is_some(),
        (_, held) => held.is_some_and(|role| becomes(role, request.role)),
    };
    request.users.iter().filter(|user| changes(user) && told.insert(*user)).cloned().collect()
}

/// Whether a role makes a difference: one of a later version counts as a member's, and stays where that is given.
fn becomes(held: Role, given: Role) -> bool {
    let stays = matches!(held, Role::Other(_)) && given == Role::Member;
    held != given && !stays
}
