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
    TooMany,
    NoAdmin,
}

/// Judges a change by the present member set.
pub(super) fn judge(group: &Group, request: &ChangeRequest) -> Verdict {
    if !may_ever(group, request) {
        return Verdict::Forbidden;
    }
    let users = affected(group, request);
    if users.is_empty() {
        return Verdict::Unchanged;
    }
    let joins_closed = request.kind == Kind::Joined && group.access != Access::Open;
    if request.permission == Permission::Oneself && joins_closed {
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
        Permission::Admin => group.members.role(&request.actor) == Some(Role::Admin),
        Permission::Oneself => {
            let alone = request.users.iter().all(|user| *user == request.actor);
            let plain = request.kind == Kind::Left || request.role == Role::Member;
            alone && plain && request.kind != Kind::Role
        }
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
