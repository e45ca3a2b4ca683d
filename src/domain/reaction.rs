//! Reactions: who shows what with which emoji, and how many do.

use super::{Emoji, GroupId, Seq, Switch, UserId};

/// Emoji that stand on one event at the same time, at most.
const REACTIONS: usize = 20;
/// Emoji that may ever have stood on one event: what was taken back is kept by its seq.
const EVER: usize = 100;

/// A reaction of somebody to an event, or that they take it back: what an event of kind `reaction` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Who.
    pub user: UserId,
    /// With what.
    pub emoji: Emoji,
    /// Whether they do. Of several by the same user with the same emoji the one by the event of the greatest seq stands.
    pub switch: Switch,
    /// How many do so after it.
    pub count: u64,
}

/// Whose reaction to which event it is, with what. There is one row of each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReactionKey {
    /// The event's group.
    pub group: GroupId,
    /// The event.
    pub target: Seq,
    /// With what.
    pub emoji: Emoji,
    /// Who.
    pub user: UserId,
}

/// How many react with one emoji to an event: as the event of the greatest seq among those about it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// With what.
    pub emoji: Emoji,
    /// How many do.
    pub count: u64,
    /// The event that says so.
    pub at: Seq,
    /// The first event by which somebody did; `Seq::MAX` where none has yet.
    pub first: Seq,
    /// Whether the reader does, in what is shown to one; the store does not keep it.
    pub mine: bool,
}

/// How many react to an event, by emoji.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tallies {
    all: Vec<Tally>,
    /// Whether they are as one reader sees them: with what is their own.
    for_reader: bool,
}

// === impl Tally ===

impl Tally {
    /// What a reaction says.
    pub fn of(reaction: &Reaction) -> Self {
        let at = reaction.switch.seq();
        let first = if reaction.switch.is_on() { at } else { Seq::MAX };
        Self { emoji: reaction.emoji.clone(), count: reaction.count, at, first, mine: false }
    }

    /// Brings it up to another of the same emoji, in whatever order they come.
    pub fn raise(&mut self, other: &Self) {
        if other.at > self.at {
            (self.count, self.at) = (other.count, other.at);
        }
        self.first = self.first.min(other.first);
    }
}

// === impl Tallies ===

impl Tallies {
    /// Brings them up to one.
    pub fn raise(&mut self, tally: Tally) {
        match self.all.iter_mut().find(|known| known.emoji == tally.emoji) {
            Some(known) => known.raise(&tally),
            None => self.all.push(tally),
        }
    }

    /// All of them, those too that count nobody.
    pub fn all(&self) -> &[Tally] {
        &self.all
    }

    /// Those with which somebody reacts, the one that was used first in front.
    pub fn shown(&self) -> Vec<&Tally> {
        let mut shown: Vec<_> = self.all.iter().filter(|tally| tally.count > 0).collect();
        shown.sort_by_key(|tally| tally.first);
        shown
    }

    /// Whether nobody reacts.
    pub fn is_empty(&self) -> bool {
        self.all.iter().all(|tally| tally.count == 0)
    }

    /// Whether there is room for a reaction, or for taking it back.
    pub fn has_room(&self, emoji: &Emoji, on: bool) -> bool {
        match self.all.iter().find(|tally| tally.emoji == *emoji) {
            Some(tally) if tally.count > 0 || !on => true,
            Some(_) => self.standing() < REACTIONS,
            None => self.all.len() < EVER && (!on || self.standing() < REACTIONS),
        }
    }

    fn standing(&self) -> usize {
        self.all.iter().filter(|tally| tally.count > 0).count()
    }

    /// Whether they are as one reader sees them. Others are shown to nobody: what is the reader's own is not known.
    pub fn is_for_reader(&self) -> bool {
        self.for_reader
    }

    /// Says with which of them the reader reacts.
    pub fn mark_mine(&mut self, is_mine: impl Fn(&Emoji) -> bool) {
        self.for_reader = true;
        self.all.iter_mut().for_each(|tally| tally.mine = tally.count > 0 && is_mine(&tally.emoji));
    }
}

impl FromIterator<Tally> for Tallies {
    fn from_iter<I: IntoIterator<Item = Tally>>(tallies: I) -> Self {
        let mut all = Self::default();
        tallies.into_iter().for_each(|tally| all.raise(tally));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(emoji: &str, seq: Seq, on: bool, count: u64) -> Tally {
        let user = UserId::parse("anna").unwrap();
        let emoji = Emoji::parse(emoji).unwrap();
        Tally::of(&Reaction { user, emoji, switch: Switch::set(seq, on), count })
    }

    fn shown(tallies: &Tallies) -> Vec<(&str, u64)> {
        tallies.shown().iter().map(|tally| (tally.emoji.as_str(), tally.count)).collect()
    }

    #[test]
    fn the_greatest_seq_says_how_many_and_the_least_where_it_stands() {
        let told =
            [tally("👍", 5, true, 1), tally("🎉", 4, true, 1), tally("👍", 9, true, 2), tally("👍", 7, false, 0)];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
            let tallies: Tallies = order.into_iter().chain(order).map(|at| told[at].clone()).collect();
            assert_eq!(shown(&tallies), [("🎉", 1), ("👍", 2)], "{order:?}");
        }
        let back: Tallies = [tally("👍", 5, true, 1), tally("👍", 6, false, 0)].into_iter().collect();
        assert!(back.is_empty() && shown(&back).is_empty() && back.all().len() == 1);
    }

    #[test]
    fn so_many_emoji_stand_on_an_event_and_no_more() {
        let named = |number: usize| format!(":n{number}:");
        let mut tallies: Tallies = (0..20).map(|number| tally(&named(number), number as Seq + 1, true, 1)).collect();
        let emoji = |number: usize| Emoji::parse(&named(number)).unwrap();
        assert!(tallies.has_room(&emoji(3), true) && tallies.has_room(&emoji(3), false));
        assert!(!tallies.has_room(&emoji(20), true) && tallies.has_room(&emoji(20), false));
        tallies.raise(tally(&named(3), 30, false, 0));
        assert!(tallies.has_room(&emoji(20), true) && tallies.has_room(&emoji(3), true));
        (20..100).for_each(|number| tallies.raise(tally(&named(number), number as Seq + 100, false, 0)));
        assert!(!tallies.has_room(&emoji(100), false), "nobody makes it grow without end");
    }

    #[test]
    fn what_is_ones_own_is_marked() {
        let mut tallies: Tallies = [tally("👍", 5, true, 1), tally("🎉", 6, false, 0)].into_iter().collect();
        tallies.mark_mine(|_| true);
        assert_eq!(tallies.all().iter().map(|tally| tally.mine).collect::<Vec<_>>(), [true, false]);
    }
}
