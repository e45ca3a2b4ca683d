//! What a node does, of all that nodes do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A part of what nodes do, which a node may leave to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeRole {
    /// It takes clients: WebSockets and the public API.
    Clients,
    /// It owns partitions: stores messages and routes them.
    Owner,
    /// It runs what follows stored events.
    Followers,
}

/// The roles of a node, by name: those of a newer node that are not known here are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeRoles(BTreeSet<String>);

// === impl NodeRole ===

impl NodeRole {
    /// Every role.
    pub const ALL: [NodeRole; 3] = [NodeRole::Clients, NodeRole::Owner, NodeRole::Followers];

    /// Its name in records, settings and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeRole::Clients => "clients",
            NodeRole::Owner => "owner",
            NodeRole::Followers => "followers",
        }
    }
}

// === impl NodeRoles ===

impl NodeRoles {
    /// Whether a node has this role.
    pub fn has(&self, role: NodeRole) -> bool {
        self.0.contains(role.as_str())
    }

    /// The roles that a node leaves to others.
    pub fn lacking(&self) -> impl Iterator<Item = NodeRole> {
        NodeRole::ALL.into_iter().filter(|role| !self.has(*role))
    }

    /// Their names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// All of them: what a node of a version without roles does, and one for which nothing else is set.
impl Default for NodeRoles {
    fn default() -> Self {
        NodeRole::ALL.into_iter().collect()
    }
}

impl FromIterator<NodeRole> for NodeRoles {
    fn from_iter<I: IntoIterator<Item = NodeRole>>(roles: I) -> Self {
        Self(roles.into_iter().map(|role| role.as_str().to_owned()).collect())
    }
}

impl fmt::Display for NodeRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_some_roles_and_leaves_the_rest_to_others() {
        let some: NodeRoles = [NodeRole::Owner, NodeRole::Followers].into_iter().collect();
        assert!(some.has(NodeRole::Owner) && !some.has(NodeRole::Clients));
        assert_eq!(some.lacking().collect::<Vec<_>>(), [NodeRole::Clients]);
        assert_eq!(some.to_string(), "followers, owner");
        assert_eq!(NodeRoles::default().lacking().count(), 0);
    }
}
