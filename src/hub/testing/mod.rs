//! Fakes of the small ports, and what tests of components are made of. A test gives a component those that it names.

mod backplane;
mod bed;
mod bed_above;
mod ear;
mod link;
mod passwords;
mod store;
mod tokens;
mod told;

use std::sync::Arc;

use prometheus::Registry;

pub(crate) use backplane::{MemoryCluster, MemoryInboxes, MemoryLog, MemoryRegistry, MemoryTickets};
pub(crate) use bed::{Bed, until};
pub(crate) use bed_above::LEASE;
pub(crate) use ear::{Ear, device_session, open_session, session};
pub(crate) use passwords::PlainPasswords;
pub(crate) use store::MemoryStore;
pub(crate) use tokens::{MemoryTokens, identity};
pub(crate) use told::Told;

use crate::domain::{
    Access, Base, Cid, Event, Group, GroupId, GroupKind, GroupSettings, GroupUpdate, Head, Kind, Member, Role, Seq,
    UserId,
};
use crate::hub::local::{LocalGroup, LocalGroups};
use crate::hub::node::NodeState;
use crate::hub::wiring::Metrics;
use crate::ports::Append;

pub(crate) fn metrics() -> Metrics {
    Metrics::register(&Registry::new()).unwrap()
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// A node of a deployment of one partition.
pub(crate) fn node() -> Arc<NodeState> {
    Arc::new(NodeState::new("a", 1))
}

/// A text of somebody.
pub(crate) fn text(group: &GroupId, seq: Seq, from: &str) -> Event {
    Event {
        from: user(from),
        kind: Kind::Text,
        traits: Kind::Text.traits(),
        text: Some(format!("text {seq}")),
        cid: Cid::parse(&format!("c{seq}")).unwrap(),
        ..Event::void(group.clone(), head(seq))
    }
}

/// The event by which somebody joins.
pub(crate) fn joined(group: &GroupId, seq: Seq, name: &str) -> Event {
    let users = [("users".to_owned(), serde_json::json!([name]))];
    let kind = Kind::Joined;
    Event {
        kind,
        traits: kind.traits(),
        data: Some(users.into_iter().collect()),
        ..Event::void(group.clone(), head(seq))
    }
}

/// The event by which anna sets something of a group.
pub(crate) fn updated(group: &GroupId, seq: Seq, update: &GroupUpdate) -> Event {
    let (from, kind, data) = (user("anna"), Kind::Updated, Some(update.to_data()));
    Event { from, kind, traits: kind.traits(), data, ..Event::void(group.clone(), head(seq)) }
}

pub(crate) fn head(seq: Seq) -> Head {
    Head { seq, n: seq, shown: seq, time: seq as i64 }
}

/// By what the answer to a send is known.
pub(crate) fn key_of(append: &Append) -> (GroupId, UserId, Cid) {
    (append.group.clone(), append.from.clone(), append.cid.clone())
}

/// A group with these members.
pub(crate) fn group(id: &GroupId, members: &[&str]) -> Group {
    let member = |name: &&str| Member { id: user(name), role: Role::Member, since: 1 };
    Group {
        id: id.clone(),
        kind: GroupKind::Group,
        name: "tea".into(),
        access: Access::Members,
        members: members.iter().map(member).collect(),
        version: 1,
        created: 0,
        first: 1,
        base: Base::default(),
        settings: GroupSettings::default(),
    }
}

/// A group as this node holds it, at a position, with its document.
pub(crate) fn local(groups: &LocalGroups, document: Group, at: Seq) -> Arc<LocalGroup> {
    let local = groups.pin(&document.id, 1);
    let mut state = local.state.lock();
    state.start(head(at));
    state.document = Some(Arc::new(document));
    drop(state);
    local
}
