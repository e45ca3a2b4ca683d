//! Reactions, counted before they are stored: by what is stored, and what those before them in the same batch do.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::domain::{Code, Emoji, Event, GroupId, ReactionKey, Seq, reaction_of};
use crate::ports::{ReactionStore, StoreError};

/// With which emoji to which event.
type Counted = (GroupId, Seq, Emoji);

/// Who reacts, and how many do, as it stands when the turn of each comes.
#[derive(Debug, Default)]
pub(super) struct Reactions {
    standing: HashSet<ReactionKey>,
    counts: HashMap<Counted, u64>,
}

// === impl Reactions ===

impl Reactions {
    /// Reads what these events are to change, where they are reactions.
    pub(super) async fn read(
        store: &dyn ReactionStore,
        events: impl Iterator<Item = &Event>,
    ) -> Result<Self, StoreError> {
        let keys: BTreeSet<ReactionKey> = events.filter_map(reaction_of).map(|(key, _)| key).collect();
        if keys.is_empty() {
            return Ok(Self::default());
        }
        let counted: BTreeSet<Counted> = keys.iter().map(counted).collect();
        let (keys, counted): (Vec<_>, Vec<_>) = (keys.into_iter().collect(), counted.into_iter().collect());
        let standing = store.reacted(&keys).await?;
        let counts = store.reaction_counts(&counted).await?;
        Ok(Self { standing, counts: counted.into_iter().zip(counts).collect() })
    }

    /// Counts a reaction whose turn has come: how many there are once it stands. Any other event stays as it is.
    pub(super) fn count(&mut self, event: &mut Event, target: &Event) -> Result<(), Code> {
        let Some((key, on)) = reaction_of(event) else { return Ok(()) };
        if !target.state.reactions.has_room(&key.emoji, on) {
            return Err(Code::TooLarge);
        }
        let count = self.counts.entry(counted(&key)).or_default();
        let changes = if on { self.standing.insert(key) } else { self.standing.remove(&key) };
        match (changes, on) {
            (true, true) => *count += 1,
            (true, false) => *count = count.saturating_sub(1),
            (false, _) => {}
        }
        event.set_count(*count);
        Ok(())
    }
}

fn counted(key: &ReactionKey) -> Counted {
    (key.group.clone(), key.target, key.emoji.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Effect, Kind, Tallies};
    use crate::hub::testing::{MemoryStore, text};
    use crate::ports::MessageStore;

    fn reaction(group: &GroupId, seq: Seq, from: &str, emoji: &str, on: bool) -> Event {
        let data = [("emoji".to_owned(), emoji.into()), ("on".to_owned(), on.into())];
        Event {
            kind: Kind::Reaction,
            traits: Kind::Reaction.traits(),
            reference: Some(group.event_id(1)),
            data: Some(data.into_iter().collect()),
            text: None,
            ..text(group, seq, from)
        }
    }

    /// Each of these in its turn: how many there are after it, or why it may not stand.
    async fn counts(store: &MemoryStore, target: &mut Event, events: &mut [Event]) -> Vec<Result<u64, Code>> {
        let mut reactions = Reactions::read(store, events.iter()).await.unwrap();
        let mut told = Vec::new();
        for event in events {
            told.push(reactions.count(event, target).map(|()| event.count().unwrap()));
            if let Some(effect) = Effect::of(event) {
                target.apply(&effect.change);
            }
        }
        told
    }

    #[tokio::test]
    async fn each_is_counted_by_what_is_stored_and_what_comes_before_it() {
        let (store, group) = (MemoryStore::default(), GroupId::random());
        let mut target = text(&group, 1, "anna");
        let mut first = [reaction(&group, 2, "anna", "👍", true), reaction(&group, 3, "bob", "👍", true)];
        assert_eq!(counts(&store, &mut target, &mut first).await, [Ok(1), Ok(2)]);
        store.apply_effects(&first.iter().filter_map(Effect::of).collect::<Vec<_>>()).await.unwrap();
        let mut more = [
            reaction(&group, 4, "bob", "👍", true),
            reaction(&group, 5, "cleo", "👍", true),
            reaction(&group, 6, "anna", "👍", false),
            reaction(&group, 7, "anna", "👍", false),
            reaction(&group, 8, "anna", "🎉", false),
            reaction(&group, 9, "anna", "🎉", true),
        ];
        let told = counts(&store, &mut target, &mut more).await;
        assert_eq!(told, [Ok(2), Ok(3), Ok(2), Ok(2), Ok(0), Ok(1)]);
    }

    #[tokio::test]
    async fn the_twenty_first_emoji_is_one_too_many() {
        let (store, group) = (MemoryStore::default(), GroupId::random());
        let mut target = text(&group, 1, "anna");
        let named = |number: u64, on| reaction(&group, 2 + number, "anna", &format!(":n{number}:"), on);
        let mut all: Vec<Event> = (0..21).map(|number| named(number, true)).collect();
        let told = counts(&store, &mut target, &mut all).await;
        assert_eq!((told[19], told[20]), (Ok(1), Err(Code::TooLarge)));
        let mut room = [Event { seq: 40, ..named(3, false) }, Event { seq: 41, ..named(20, true) }];
        store.apply_effects(&all[..20].iter().filter_map(Effect::of).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(counts(&store, &mut target, &mut room).await, [Ok(0), Ok(1)]);
        assert_ne!(target.state.reactions, Tallies::default());
    }
}
