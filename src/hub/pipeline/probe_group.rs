//! The groups of nodes' messages to themselves, which are in no store.

use crate::domain::{Access, Base, Group, GroupId, GroupKind, GroupSettings, UserId};

/// The document of a node's own probe group: it has no members, and no holes that would matter. `None` for every
/// other group.
pub(crate) fn probe_document(node: &str, id: &GroupId) -> Option<Group> {
    let senders = [UserId::probe(), UserId::passing_probe()];
    let own = senders.iter().any(|sender| *id == GroupId::probe(node, sender));
    own.then(|| Group {
        id: id.clone(),
        kind: GroupKind::Group,
        name: String::new(),
        access: Access::Members,
        members: Vec::new(),
        version: 0,
        created: 0,
        first: 1,
        base: Base::default(),
        settings: GroupSettings::default(),
    })
}
