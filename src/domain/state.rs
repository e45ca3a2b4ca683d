//! What later events made of an event: its state, reckoned from effects in whatever order they come.

use super::{Mentions, Millis, Reaction, Seq, Switch, Tallies, Tally, UserId};

/// What became of an event since it was said, as the store keeps it. Empty in the log, in caches and in what nodes tell
/// each other: these carry events as they were said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventState {
    /// Whether it is pinned.
    pub pin: Switch,
    /// What it says since it was edited.
    pub edit: Option<Edit>,
    /// By what it was deleted. Nothing else is left of it then.
    pub erasure: Option<Erasure>,
    /// How many react to it.
    pub reactions: Tallies,
    /// How many replies to it stand, as the store has counted them.
    pub replies: u64,
}

/// What stands in the place of a text that was edited. Of two the one by the event of the greater seq stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The event that says it.
    pub seq: Seq,
    /// When that was.
    pub time: Millis,
    /// The whole text.
    pub text: String,
}

/// That an event was deleted. Of two the one by the event of the smaller seq stands: nothing comes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The event that says it.
    pub seq: Seq,
    /// When that was.
    pub time: Millis,
    /// Who deleted it.
    pub by: UserId,
}

/// What is done to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is pinned, or no more.
    Pin(Switch),
    /// It says something else.
    Edit(Edit),
    /// It is deleted.
    Erase(Erasure),
    /// Somebody reacts to it, or no more.
    React(Reaction),
    /// It is replied to, by the event that sets this. A reply that is deleted is none any more.
    Reply(Switch),
    /// It mentions somebody.
    Mention(Mentions),
}

// === impl EventState ===

impl EventState {
    /// Brings it up to a change. What is deleted has no other state.
    pub fn apply(&mut self, change: &Change) {
        if let Change::Erase(erasure) = change {
            let first = self.erasure.take().filter(|before| before.seq <= erasure.seq);
            *self = Self { erasure: Some(first.unwrap_or_else(|| erasure.clone())), ..Self::default() };
            return;
        }
        if self.erasure.is_some() {
            return;
        }
        match change {
            Change::Pin(pin) => self.pin = self.pin.max(*pin),
            Change::Edit(edit) if self.edit.as_ref().is_none_or(|before| before.seq < edit.seq) => {
                self.edit = Some(edit.clone());
            }
            Change::React(reaction) => self.reactions.raise(Tally::of(reaction)),
            // How many there are is counted where all of them are.
            Change::Reply(_) | Change::Mention(_) | Change::Edit(_) | Change::Erase(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    /// The state after three changes, each of them twice.
    fn after(changes: &[Change; 3], order: [usize; 3]) -> EventState {
        let mut state = EventState::default();
        order.into_iter().chain(order).for_each(|at| state.apply(&changes[at]));
        state
    }

    fn edit(seq: Seq) -> Change {
        Change::Edit(Edit { seq, time: 10, text: format!("edit {seq}") })
    }

    fn erasure(seq: Seq) -> Erasure {
        Erasure { seq, time: 20, by: UserId::hub() }
    }

    #[test]
    fn the_greatest_seq_decides_whatever_the_order() {
        let pins = [(5, true), (9, false), (7, true)].map(|(seq, on)| Change::Pin(Switch::set(seq, on)));
        let edits = [5, 9, 7].map(edit);
        for order in ORDERS {
            assert_eq!(after(&pins, order).pin, Switch::set(9, false), "{order:?}");
            assert_eq!(after(&edits, order).edit.unwrap().text, "edit 9", "{order:?}");
        }
    }

    #[test]
    fn the_first_deletion_ends_all_else_whatever_the_order() {
        let pin = Change::Pin(Switch::set(9, true));
        for order in ORDERS {
            let state = after(&[edit(5), Change::Erase(erasure(6)), pin.clone()], order);
            assert_eq!(state, EventState { erasure: Some(erasure(6)), ..EventState::default() }, "{order:?}");
            let state = after(&[Change::Erase(erasure(8)), Change::Erase(erasure(6)), edit(9)], order);
            assert_eq!(state.erasure, Some(erasure(6)), "{order:?}");
        }
    }
}
