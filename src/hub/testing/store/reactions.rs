//! Reactions in memory, by the effects that were applied.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;

use super::{Answer, MemoryStore};
use crate::domain::{Change, Emoji, GroupId, ReactionKey, Seq, Switch};
use crate::ports::{ReactionPage, ReactionStore, Reactor};

impl MemoryStore {
    fn switches(&self) -> BTreeMap<ReactionKey, Switch> {
        let mut switches: BTreeMap<ReactionKey, Switch> = BTreeMap::new();
        for effect in self.applied() {
            if let Change::React(reaction) = effect.change {
                let (emoji, user) = (reaction.emoji, reaction.user);
                let key = ReactionKey { group: effect.group, target: effect.target, emoji, user };
                let switch = switches.entry(key).or_default();
                *switch = reaction.switch.max(*switch);
            }
        }
        switches.retain(|_, switch| switch.is_on());
        switches
    }
}

#[async_trait]
impl ReactionStore for MemoryStore {
    async fn reacted(&self, keys: &[ReactionKey]) -> Answer<HashSet<ReactionKey>> {
        self.note("reacted");
        let switches = self.switches();
        self.answer(keys.iter().filter(|key| switches.contains_key(key)).cloned().collect())
    }

    async fn reaction_counts(&self, of: &[(GroupId, Seq, Emoji)]) -> Answer<Vec<u64>> {
        let switches = self.switches();
        let count = |(group, target, emoji): &(GroupId, Seq, Emoji)| {
            let is_of = |key: &&ReactionKey| key.group == *group && key.target == *target && key.emoji == *emoji;
            switches.keys().filter(is_of).count() as u64
        };
        self.answer(of.iter().map(count).collect())
    }

    async fn reactors(&self, page: &ReactionPage) -> Answer<Vec<Reactor>> {
        let asked = |key: &ReactionKey| {
            let behind = page.after.as_ref().is_none_or(|(emoji, user)| (&key.emoji, &key.user) > (emoji, user));
            let wanted = page.emoji.as_ref().is_none_or(|emoji| key.emoji == *emoji);
            key.group == page.group && key.target == page.target && behind && wanted
        };
        let found = self.switches().into_iter().filter(|(key, _)| asked(key)).take(page.limit);
        let reactor =
            |(key, switch): (ReactionKey, Switch)| Reactor { user: key.user, emoji: key.emoji, seq: switch.seq() };
        self.answer(found.map(reactor).collect())
    }
}
