//! Effects by what they do.

use crate::domain::{Change, Edit, Effect, Erasure, GroupId, Mentions, Reaction, Seq, Switch};

/// The event that a change is about.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) group: &'a GroupId,
    pub(super) seq: Seq,
}

/// Effects by what they do.
#[derive(Default)]
pub(super) struct Changes<'a> {
    pub(super) pins: Vec<(Target<'a>, Switch)>,
    pub(super) edits: Vec<(Target<'a>, &'a Edit)>,
    pub(super) erasures: Vec<(Target<'a>, &'a Erasure)>,
    pub(super) reactions: Vec<(Target<'a>, &'a Reaction)>,
    pub(super) mentions: Vec<(Target<'a>, &'a Mentions)>,
}

// === impl Changes ===

impl<'a> Changes<'a> {
    pub(super) fn of(effects: &'a [Effect]) -> Self {
        let mut changes = Self::default();
        for effect in effects {
            let target = Target { group: &effect.group, seq: effect.target };
            match &effect.change {
                Change::Pin(pin) => changes.pins.push((target, *pin)),
                Change::Edit(edit) => changes.edits.push((target, edit)),
                Change::Erase(erasure) => changes.erasures.push((target, erasure)),
                Change::React(reaction) => changes.reactions.push((target, reaction)),
                // Written by themselves: they are counted.
                Change::Reply(_) => {}
                Change::Mention(whom) => changes.mentions.push((target, whom)),
            }
        }
        changes
    }
}
