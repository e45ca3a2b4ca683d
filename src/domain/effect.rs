//! What events do to others.

use super::{Change, Edit, Emoji, Erasure, Event, GroupId, Kind, Reaction, ReactionKey, Seq, Switch, parse_event_id};

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
    /// All that an event does: to another one, and by whom it mentions.
    pub fn all_of(event: &Event) -> impl Iterator<Item = Self> {
        Self::of(event).into_iter().chain(mentions_of(event))
    }

    /// The effect of an event on another one; `None` of one that has none, or one that this version does not know.
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
            Kind::Reaction => Change::React(reaction(event)?),
            Kind::Text => Change::Reply(Switch::set(seq, true)),
            _ => return None,
        };
        let (group, target) = (event.group.clone(), target_of(event)?);
        Some(Self { group, target, change })
    }
}

/// Whom an event mentions, as what it does to itself: rows by which they are told of it.
fn mentions_of(event: &Event) -> Option<Effect> {
    if event.traits.fx == 0 || !event.kind.has_known_effect(event.traits) {
        return None;
    }
    let change = Change::Mention(event.mentions.clone()?);
    Some(Effect { group: event.group.clone(), target: event.seq, change })
}

/// Whose reaction an event sets, and whether it stands then; `None` of one that sets none.
pub fn reaction_of(event: &Event) -> Option<(ReactionKey, bool)> {
    if event.kind != Kind::Reaction {
        return None;
    }
    let (group, user, emoji) = (event.group.clone(), event.from.clone(), emoji_of(event)?);
    Some((ReactionKey { group, target: target_of(event)?, emoji, user }, event.flag("on")?))
}

/// As it was stored: counted.
fn reaction(event: &Event) -> Option<Reaction> {
    let switch = Switch::set(event.seq, event.flag("on")?);
    Some(Reaction { user: event.from.clone(), emoji: emoji_of(event)?, switch, count: event.count()? })
}

fn emoji_of(event: &Event) -> Option<Emoji> {
    Emoji::parse(event.data.as_ref()?.get("emoji")?.as_str()?).ok()
}

/// The event of the same group that one is about.
fn target_of(event: &Event) -> Option<Seq> {
    let (group, target) = event.reference.as_deref().and_then(|id| parse_event_id(id).ok())?;
    (group == event.group).then_some(target)
}
