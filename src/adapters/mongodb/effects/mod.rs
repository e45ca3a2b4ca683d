//! What events made of others: in the messages' own documents, and rows by which they are found.
//!
//! - `changes`: effects by what they do; `pins`: what is pinned; `edits`: what texts say since they were edited; `erasures`: what is deleted.
//!
//! Each statement is one that may be repeated, in any order and late: it says itself over what it is written.

mod changes;
mod edits;
mod erasures;
mod pins;

use mongodb::bson::raw::cstr;

use super::MongoStore;
use crate::domain::Effect;
use crate::ports::StoreError;
use changes::Changes;

// === impl MongoStore ===

impl MongoStore {
    /// Applies effects, in one bulk call a collection. Rows come before what is emptied by them.
    pub(super) async fn apply_changes(&self, effects: &[Effect]) -> Result<(), StoreError> {
        let Changes { pins, edits, erasures, reactions, mentions } = Changes::of(effects);
        let (tallies, reactions) =
            self.react(reactions.iter().map(|(target, one)| (target.group, target.seq, *one)))?;
        let in_messages = (pins.iter().map(|(target, pin)| self.pin_in_message(*target, *pin)))
            .chain(edits.iter().map(|(target, edit)| self.edit_in_message(*target, edit)))
            .chain(erasures.iter().map(|(target, erasure)| self.erase_in_message(*target, erasure)));
        let mut in_messages = in_messages.collect::<Result<Vec<_>, _>>()?;
        in_messages.extend(tallies);
        self.update_all(cstr!("messages"), in_messages).await?;
        self.update_all(cstr!("reactions"), reactions).await?;
        let rows = pins.iter().map(|(target, pin)| self.pin_row(*target, *pin)).collect::<Result<_, _>>()?;
        self.update_all(cstr!("pins"), rows).await?;
        let rows = edits.iter().map(|(target, edit)| self.edit_row(*target, edit.seq)).collect::<Result<_, _>>()?;
        self.update_all(cstr!("edits"), rows).await?;
        self.empty_edits_of(erasures.iter().map(|(target, _)| *target)).await?;
        let rows = mentions.iter().map(|(target, whom)| self.mention(target.group, target.seq, whom));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        self.update_all(cstr!("mentions"), rows.concat()).await?;
        for (target, _) in &erasures {
            self.forget_mentions(target.group, target.seq, target.seq.saturating_add(1)).await?;
        }
        self.reply(effects).await
    }
}
