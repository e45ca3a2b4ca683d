//! What events do to others.

use super::{Change, Edit, Erasure, Event, GroupId, Kind, Seq, Switch, parse_event_id};

/// What an event does to another one of its group. It may be applied twice, late, and by two owners: no harm is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The group.
    pub group: GroupId,
    /// The event that it is about.
    pub target: Seq,
    /// What is done to it.
    pub change: Change,
}

// === impl Effect ===

impl Effect {
    /// The effect of an event; `None` of one that has none, or one that this version does not know.
    pub fn of(event: &Event) -> Option<Self> {
        if event.traits.fx == 0 || !event.kind.has_known_effect(event.traits) {
            return None;
        }
        let (seq, time) = (event.seq, event.time);
        let change = match event.kind {
            Kind::Pinned => Change::Pin(Switch::set(seq, event.flag("on")?)),
            // What it said is gone where its target was deleted.
            Kind::Edited => Change::Edit(Edit { seq, time, text: event.text.clone()? }),
            Kind::Deleted => Change::Erase(Erasure { seq, time, by: event.from.clone() }),
            _ => return None,
        };
        let (group, target) = event.reference.as_deref().and_then(|id| parse_event_id(id).ok())?;
        (group == event.group).then_some(Self { group, target, change })
    }
}
