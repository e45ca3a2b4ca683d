//! Names of keys. Every key has one hash tag, at its beginning, so that scripts stay in one slot: a
//! partition's, a user's, a node's, or the hub's own. Ids of users and nodes are hashed in tags,
//! where a brace would matter.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::domain::{Cid, GroupId, NodeName, UserId};
use crate::ports::Partition;

/// Layout of keys and values. Another layout gets another number and so other keys.
const VERSION: &str = "v2";
/// The layout before, which was never released: what reads it knows events by their kinds alone.
const VERSION_BEFORE: &str = "v1";

/// The consumer group of the owners, on each partition's log.
pub(super) const FANOUT: &str = "fanout";

#[derive(Clone)]
pub(super) struct Keys {
    prefix: String,
}

// === impl Keys ===

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    fn in_partition(&self, partition: Partition, name: impl std::fmt::Display) -> String {
        format!("{}{{p{partition:02}}}:{VERSION}:{name}", self.prefix)
    }

    pub(super) fn log(&self, partition: Partition) -> String {
        self.in_partition(partition, "log")
    }

    pub(super) fn lease(&self, partition: Partition) -> String {
        self.in_partition(partition, "lease")
    }

    /// Who works for a follower.
    pub(super) fn follower_lease(&self, partition: Partition, follower: &str) -> String {
        self.in_partition(partition, format_args!("f:{}", short_hash(&[follower])))
    }

    /// Number of the newest commit, and of the oldest after which all moves are known.
    pub(super) fn moves(&self, partition: Partition) -> String {
        self.in_partition(partition, "moves")
    }

    /// Groups by the number of the commit that moved their stored head.
    pub(super) fn heads(&self, partition: Partition) -> String {
        self.in_partition(partition, "heads")
    }

    pub(super) fn group(&self, partition: Partition, group: &GroupId) -> String {
        self.in_partition(partition, format_args!("g:{group}"))
    }

    pub(super) fn routes(&self, partition: Partition, group: &GroupId) -> String {
        self.in_partition(partition, format_args!("r:{group}"))
    }

    pub(super) fn recent(&self, partition: Partition, group: &GroupId) -> String {
        self.in_partition(partition, format_args!("x:{group}"))
    }

    /// A send that was seen. Hashed with a hash that nobody can steer: a sender must not be able to
    /// make another's send look as seen.
    pub(super) fn cid(&self, partition: Partition, group: &GroupId, from: &UserId, cid: &Cid) -> String {
        let hash = short_hash(&[group.as_str(), from.as_str(), cid.as_str()]);
        self.in_partition(partition, format_args!("c:{hash}"))
    }

    /// Groups of a partition that have a route to a node.
    pub(super) fn routed_groups(&self, partition: Partition, node: &NodeName) -> String {
        self.in_partition(partition, format_args!("rn:{node}"))
    }

    pub(super) fn user(&self, user: &UserId) -> String {
        format!("{}{{u:{}}}:{VERSION}", self.prefix, short_hash(&[user.as_str()]))
    }

    pub(super) fn inbox(&self, node: &NodeName) -> String {
        self.of_node(node, "in")
    }

    pub(super) fn full_inbox(&self, node: &NodeName) -> String {
        self.of_node(node, "full")
    }

    /// The node's sessions, each as `session user`.
    pub(super) fn sessions(&self, node: &NodeName) -> String {
        self.of_node(node, "sessions")
    }

    fn of_node(&self, node: &NodeName, name: &str) -> String {
        format!("{}{{n:{}}}:{VERSION}:{name}", self.prefix, short_hash(&[node.as_str()]))
    }

    pub(super) fn node_records(&self) -> String {
        self.of_hub("nodes")
    }

    /// Nodes by the end of their lease.
    pub(super) fn node_leases(&self) -> String {
        self.of_hub("leases")
    }

    /// Node lives that have been reaped, by the time of it.
    pub(super) fn reaped(&self) -> String {
        self.of_hub("reaped")
    }

    pub(super) fn epochs(&self) -> String {
        self.of_hub("epochs")
    }

    /// Since when the contents are there, when a node last beat, and how many partitions there are.
    pub(super) fn meta(&self) -> String {
        self.of_hub("meta")
    }

    fn of_hub(&self, name: &str) -> String {
        format!("{}{{hub}}:{VERSION}:{name}", self.prefix)
    }

    /// Leases and meta of nodes that know the layout before.
    pub(super) fn leases_and_meta_before(&self) -> [String; 2] {
        ["leases", "meta"].map(|name| format!("{}{{hub}}:{VERSION_BEFORE}:{name}", self.prefix))
    }

    /// A ticket, hashed: who can list keys must not be able to use it.
    pub(super) fn ticket(&self, ticket: &str) -> String {
        format!("{}ticket:{VERSION}:{}", self.prefix, short_hash(&[ticket]))
    }
}

/// 128 bits of SHA-256 over length-prefixed parts.
fn short_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u32).to_be_bytes());
        hash.update(part);
    }
    BASE64URL_NOPAD.encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_one_tag_whatever_the_ids() {
        let keys = Keys::new("x:");
        let (user, node) = (UserId::parse("a|b").unwrap(), NodeName::parse("n-1.7").unwrap());
        let group = GroupId::random();
        let cid = Cid::parse("}{").unwrap();
        for key in [
            keys.log(3),
            keys.group(3, &group),
            keys.follower_lease(3, "a}b"),
            keys.cid(3, &group, &user, &cid),
            keys.routed_groups(3, &node),
            keys.user(&user),
            keys.inbox(&node),
            keys.meta(),
        ] {
            assert_eq!(key.matches('{').count(), 1, "{key}");
            assert_eq!(key.matches('}').count(), 1, "{key}");
        }
        assert_eq!(keys.log(3), "x:{p03}:v2:log");
    }

    #[test]
    fn different_sends_have_different_keys() {
        let keys = Keys::new("");
        let group = GroupId::random();
        let key = |from: &str, cid: &str| keys.cid(0, &group, &UserId::parse(from).unwrap(), &Cid::parse(cid).unwrap());
        assert_ne!(key("ab", "c"), key("a", "bc"));
    }
}
