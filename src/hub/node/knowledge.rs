//! Features: what all live nodes know, and so what clients may use.
//!
//! While nodes of two versions run side by side, an owner of the older one could not carry out a newer kind's effect.
//! So the door of a newer node takes such a kind in only once no older one lives.

use std::collections::BTreeMap;

use crate::domain::{Code, KindRow, Refusal};
use crate::hub::codec;
use crate::ports::{Knows, NodeRecord, NodeRole};

/// What every version of this hub can do beyond the base protocol.
const ALWAYS: [&str; 4] = ["direct", "presence", "receipts", "typing"];

/// What all of some nodes know.
#[derive(Debug, PartialEq)]
pub(crate) struct Features {
    /// Kinds that have an effect, each with the version of it that all can carry out.
    kinds: BTreeMap<String, u16>,
    names: Vec<String>,
}

/// What a node with this table of kinds says that it knows.
pub(crate) fn known(kinds: &[KindRow]) -> Knows {
    Knows {
        kinds: with_effect(kinds).map(|row| (row.name.to_owned(), row.fx)).collect(),
        forms: codec::VERSION.into(),
        roles: NodeRole::ALL.iter().map(|role| role.as_str().to_owned()).collect(),
    }
}

fn with_effect(kinds: &[KindRow]) -> impl Iterator<Item = &KindRow> {
    kinds.iter().filter(|row| row.fx > 0)
}

// === impl Features ===

impl Features {
    /// What these nodes have in common, as far as this node's own table of kinds goes. Nobody knows anything while no
    /// node is seen.
    pub(crate) fn common_to(nodes: &[NodeRecord], table: &[KindRow]) -> Self {
        let least = |row: &KindRow| {
            nodes.iter().map(|node| node.knows.kinds.get(row.name).copied().unwrap_or(0)).min().unwrap_or(0)
        };
        let kinds = with_effect(table).map(|row| (row.name.to_owned(), least(row))).collect();
        let mut features = Self { kinds, names: Vec::new() };
        let known = with_effect(table).filter(|row| features.knows(row)).map(|row| feature_of(row.name));
        let mut names: Vec<_> = ALWAYS.into_iter().map(str::to_owned).chain(known).collect();
        names.sort_unstable();
        features.names = names;
        features
    }

    /// The same but for those of these names.
    pub(crate) fn without(mut self, withheld: &[&str]) -> Self {
        self.names.retain(|name| !withheld.contains(&name.as_str()));
        self
    }

    /// Their names as clients are told them, sorted.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether all nodes can carry out the effect of a kind, where it has one.
    pub(crate) fn knows(&self, row: &KindRow) -> bool {
        row.fx == 0 || self.kinds.get(row.name).is_some_and(|least| *least >= row.fx)
    }

    /// Refuses what not all nodes could carry out.
    pub(crate) fn check(&self, row: &KindRow) -> Result<(), Refusal> {
        if self.knows(row) {
            return Ok(());
        }
        let (kind, feature) = (row.name, feature_of(row.name));
        let why = format!(
            "a node of an older version, which does not know the kind `{kind}`, is still running: try again when \
             `{feature}` is among the features"
        );
        Err(Refusal::new(Code::Unsupported, why))
    }
}

/// The name of the feature that a kind can be sent.
fn feature_of(kind: &str) -> String {
    format!("kind:{kind}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::KINDS;

    fn row(name: &'static str, fx: u16) -> KindRow {
        KindRow { name, fx, ..KINDS[0] }
    }

    /// A record as a node of the first release writes it, with what a later one may add.
    fn node(name: &str, more: Value) -> NodeRecord {
        let mut record = json!({
            "node": name, "public_url": null, "zone": null, "connections": 1, "capacity": 9, "draining": false,
            "version": "0.1.0", "since": 1
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(record).unwrap()
    }

    fn knowing(name: &str, table: &[KindRow]) -> NodeRecord {
        NodeRecord { knows: known(table), ..node(name, json!({})) }
    }

    fn kinds(features: &Features) -> Vec<&str> {
        features.names().iter().filter_map(|name| name.strip_prefix("kind:")).collect()
    }

    #[test]
    fn a_kind_is_a_feature_while_all_live_nodes_know_it() {
        let table = [row("text", 0), row("pinned", 2), row("edited", 1)];
        let (new, old) = (knowing("a.1", &table), node("b.1", json!({})));
        assert_eq!(old.roles.lacking().count(), 0, "a node of before roles has all of them");
        let alone = Features::common_to(std::slice::from_ref(&new), &table);
        assert_eq!(alone.names(), ["direct", "kind:edited", "kind:pinned", "presence", "receipts", "typing"]);
        assert!(table.iter().all(|row| alone.check(row).is_ok()));

        let beside_old = Features::common_to(&[new.clone(), old], &table);
        assert_eq!(kinds(&beside_old), [""; 0]);
        assert!(beside_old.check(&table[0]).is_ok());
        let refused = beside_old.check(&table[1]).unwrap_err();
        assert_eq!(refused.code, Code::Unsupported);
        assert!(refused.message.contains("`kind:pinned`"), "{}", refused.message);

        // One knows an earlier effect of a kind, and a kind of its own.
        let between = knowing("b.1", &[row("pinned", 1), row("edited", 1), row("other", 1)]);
        assert_eq!(kinds(&Features::common_to(&[new, between], &table)), ["edited"]);
    }

    #[test]
    fn nothing_is_known_before_any_node_is_seen() {
        let table = [row("pinned", 1)];
        let none = Features::common_to(&[], &table);
        assert_eq!(kinds(&none), [""; 0]);
        assert!(none.check(&table[0]).is_err());
    }

    #[test]
    fn a_record_of_a_later_version_is_read_as_far_as_it_is_known() {
        let table = [row("pinned", 2)];
        let later =
            json!({"kinds": {"pinned": 3, "unheard_of": 1}, "forms": 9, "roles": ["ears"], "later": {"any": 1}});
        let later = json!({"knows": later, "passes": [3], "roles": ["ears", "owner"], "beyond": [{}]});
        let later = node("b.1", later);
        assert!(later.passes.contains(&3));
        assert!(later.roles.has(NodeRole::Owner) && !later.roles.has(NodeRole::Clients));
        assert_eq!(json!(later)["roles"], json!(["ears", "owner"]), "what is not known is kept");
        assert_eq!(kinds(&Features::common_to(&[knowing("a.1", &table), later], &table)), ["pinned"]);
    }
}
