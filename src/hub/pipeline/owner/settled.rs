//! What became of entries in the store.

use crate::domain::{Code, Data, Event, Kind, KindRow, Part, UserId};
use crate::ports::{LogEntry, Partition};

/// An entry whose seq is settled in the store.
pub(crate) struct Settled {
    pub(crate) partition: Partition,
    pub(crate) entry: LogEntry,
    /// What is stored under the entry's seq; `None` when the entry moved to another seq and what
    /// is there was told before.
    pub(crate) event: Option<Event>,
    pub(crate) fate: Fate,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fate {
    /// It is what is stored under its seq.
    Stored,
    /// Its send was stored before, as this event under another seq; its own became a void.
    StoredBefore(Box<Event>),
    /// The store refuses it for good; its seq became a void.
    Refused,
    /// Another event has its seq; it comes again under a new one.
    Moved,
}

/// An entry that is not settled yet, and what is tried to be stored for it.
pub(super) struct Open {
    pub(super) partition: Partition,
    pub(super) entry: LogEntry,
    pub(super) event: Event,
    pub(super) fate: Fate,
    /// Whether what it does to others was found to be in order.
    pub(super) checked: bool,
}

/// What a look at the store says of a duplicate key.
pub(super) enum Verdict {
    Done(Option<Event>, Fate),
    /// Try again with this in its place.
    Instead(Event, Fate),
    /// Not visible yet: look again later.
    Later,
}

// === impl Open ===

impl Open {
    /// Whether it does nothing to other events that this version knows of, or was found to be in order.
    pub(super) fn is_checked(&self) -> bool {
        let names_nothing = |row: &KindRow| match row.reference {
            Part::Required => false,
            Part::Optional => self.event.reference.is_none(),
            Part::Refused => true,
        };
        self.checked || self.event.traits.fx == 0 || self.event.kind.row().is_none_or(names_nothing)
    }

    /// Puts a void in its place that says why to whoever sent it, now and at every repeat.
    pub(super) fn refuse(&mut self, code: Code) {
        self.event = self.event.clone().refused(code);
    }
}

// === impl Settled ===

impl Settled {
    /// What is stored of it: under its seq, and under that of an earlier try.
    pub(super) fn stored(&self) -> impl Iterator<Item = &Event> {
        let before = match &self.fate {
            Fate::StoredBefore(first) => Some(&**first),
            _ => None,
        };
        self.event.iter().chain(before)
    }

    /// Whether the backplane's state of the group cannot be the store's: the seq was given twice (it lost
    /// its tail), or it has a change of the group that became a void.
    pub(super) fn has_diverged(&self) -> bool {
        match self.fate {
            Fate::Stored => false,
            Fate::Moved => true,
            Fate::StoredBefore(_) | Fate::Refused => {
                let anothers = self.event.as_ref().is_some_and(|event| event.kind != Kind::Void);
                anothers || !self.entry.users.is_empty() || self.entry.kind == Kind::Updated
            }
        }
    }

    /// Whether it was to give a group an admin, and the store refused it. The group is given one again, which the
    /// store may refuse again: not as fast as it can.
    pub(super) fn is_refused_successor(&self) -> bool {
        self.fate == Fate::Refused && self.entry.kind == Kind::Role && self.entry.from == UserId::hub()
    }
}

/// A void in the place of an entry; it keeps what it replaced.
pub(super) fn void_for(entry: &LogEntry) -> Event {
    let mut void = Event::void(entry.group.clone(), entry.head());
    let mut replaced = Data::new();
    replaced.insert("from".into(), entry.from.as_str().into());
    replaced.insert("cid".into(), entry.cid.as_str().into());
    void.data = Some(replaced);
    void
}
