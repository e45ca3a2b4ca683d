//! Entries of the log before they are numbered.

use bytes::Bytes;

use crate::domain::{Cid, GroupId, Kind, NodeName, Role, RulesChange, UserId};
use crate::ports::{Append, ChangeRequest, EntryId, LogEntry, UpdateRequest};

/// What a send adds.
pub(super) fn of_append(origin: &NodeName, append: &Append) -> LogEntry {
    LogEntry {
        traits: append.traits,
        body: append.body.clone(),
        ..unnumbered(origin, &append.group, &append.from, &append.cid, append.kind)
    }
}

/// What a membership change adds for those for whom something changes.
pub(super) fn of_change(origin: &NodeName, request: &ChangeRequest, users: Vec<UserId>) -> LogEntry {
    let entry = unnumbered(origin, &request.group, &request.actor, &request.cid, request.kind);
    LogEntry { users, role: request.role, ..entry }
}

/// What a change of what admins set adds.
pub(super) fn of_update(origin: &NodeName, request: &UpdateRequest) -> LogEntry {
    let entry = unnumbered(origin, &request.group, &request.actor, &request.cid, Kind::Updated);
    LogEntry { rules: request.rules, body: request.body.clone(), ..entry }
}

/// What makes a successor an admin.
pub(super) fn of_successor(origin: &NodeName, group: &GroupId, users: Vec<UserId>) -> LogEntry {
    let entry = unnumbered(origin, group, &UserId::hub(), &Cid::random(), Kind::Role);
    LogEntry { users, role: Role::Admin, ..entry }
}

fn unnumbered(origin: &NodeName, group: &GroupId, from: &UserId, cid: &Cid, kind: Kind) -> LogEntry {
    LogEntry {
        id: EntryId(0, 0),
        group: group.clone(),
        seq: 0,
        n: 0,
        shown: 0,
        time: 0,
        stored: 0,
        origin: origin.clone(),
        from: from.clone(),
        cid: cid.clone(),
        kind,
        traits: kind.traits(),
        users: Vec::new(),
        role: Role::Member,
        rules: RulesChange::default(),
        body: Bytes::new(),
    }
}
