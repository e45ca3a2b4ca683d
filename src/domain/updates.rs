//! Groups are brought up to what their admins set.

use super::{Group, GroupUpdate, Seq};

// === impl Group ===

impl Group {
    /// Brings what admins set up to the event `seq`. Each field is as the event of the greatest seq says that names it, so
    /// that it may be told twice, and in any order.
    pub fn update(&mut self, seq: Seq, update: &GroupUpdate) {
        let settings = &mut self.settings;
        if let Some(name) = update.name.as_ref().filter(|_| settings.raise("name", seq)) {
            self.name.clone_from(name);
        }
        if let Some(about) = update.about.as_ref().filter(|_| settings.raise("about", seq)) {
            settings.about.clone_from(about);
        }
        if let Some(access) = update.access.filter(|_| settings.raise("access", seq)) {
            self.access = access;
        }
        if let Some(pinning) = update.pinning.filter(|_| settings.raise("pinning", seq)) {
            settings.pinning = pinning;
        }
        if let Some(archived) = update.archived.filter(|_| settings.raise("archived", seq)) {
            settings.archived = archived;
        }
    }

    /// Those fields of an update that say another thing than the group.
    pub fn differing(&self, asked: GroupUpdate) -> GroupUpdate {
        let settings = &self.settings;
        GroupUpdate {
            name: asked.name.filter(|name| *name != self.name),
            about: asked.about.filter(|about| *about != settings.about),
            access: asked.access.filter(|access| *access != self.access),
            pinning: asked.pinning.filter(|pinning| *pinning != settings.pinning),
            archived: asked.archived.filter(|archived| *archived != settings.archived),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Access, Base, GroupId, GroupKind, GroupSettings, Pinning, RulesChange};

    fn group() -> Group {
        Group {
            id: GroupId::random(),
            kind: GroupKind::Group,
            name: "tea".into(),
            access: Access::Members,
            members: Vec::new(),
            version: 0,
            created: 0,
            first: 1,
            base: Base::default(),
            settings: GroupSettings::default(),
        }
    }

    #[test]
    fn each_field_is_as_the_greatest_seq_says_whatever_the_order() {
        let name = |name: &str| GroupUpdate { name: Some(name.into()), ..GroupUpdate::default() };
        let updates = [
            (3, GroupUpdate { access: Some(Access::Open), archived: Some(true), ..name("coffee") }),
            (5, GroupUpdate { about: Some("leaves".into()), ..name("green tea") }),
            (8, GroupUpdate { archived: Some(false), pinning: Some(Pinning::Members), ..GroupUpdate::default() }),
        ];
        let whole = group();
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut group = whole.clone();
            for at in order.into_iter().chain(order) {
                group.update(updates[at].0, &updates[at].1);
            }
            let settings = &group.settings;
            assert_eq!((group.name.as_str(), group.access), ("green tea", Access::Open), "{order:?}");
            assert_eq!((settings.about.as_str(), settings.pinning), ("leaves", Pinning::Members));
            assert!(!settings.archived);
            assert_eq!((settings.rules_version(), settings.set["name"], settings.set["access"]), (8, 5, 3));
        }
    }

    #[test]
    fn an_update_comes_back_from_its_event_and_names_what_differs_alone() {
        let asked = GroupUpdate {
            name: Some("tea".into()),
            about: Some("leaves\nand water".into()),
            access: Some(Access::Members),
            pinning: Some(Pinning::Members),
            archived: Some(false),
        };
        assert_eq!(GroupUpdate::of(&asked.to_data()), asked);
        let differing = group().differing(asked);
        assert_eq!(differing.to_data().keys().collect::<Vec<_>>(), ["about", "pinning"]);
        assert_eq!(differing.rules(), RulesChange { pinning: Some(Pinning::Members), ..RulesChange::default() });
        assert!(GroupUpdate::default().is_empty() && GroupUpdate::default().to_data().is_empty());
        let later = serde_json::json!({"pinning": "owners", "archived": 1, "colour": "green", "name": null});
        let later = GroupUpdate::of(later.as_object().unwrap());
        assert_eq!(later.pinning.unwrap().as_str(), "owners");
        assert_eq!(later, GroupUpdate { pinning: later.pinning, ..GroupUpdate::default() });
    }
}
