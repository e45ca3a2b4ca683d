//! What events made of others: switches in the messages' own documents, and a collection of what is pinned.

use mongodb::bson::raw::cstr;
use mongodb::bson::{RawDocumentBuf, doc};

use super::MongoStore;
use super::commands::encode;
use super::documents::{PinDocument, VERSION, int, message_id, read};
use super::filters::between;
use crate::domain::{Change, Effect, Event, GroupId, Seq};
use crate::ports::StoreError;

// === impl MongoStore ===

impl MongoStore {
    /// Raises switches, in one bulk call a collection. `$max` lets them come in any order and again.
    pub(super) async fn raise_switches(&self, effects: &[Effect]) -> Result<(), StoreError> {
        if effects.is_empty() {
            return Ok(());
        }
        let messages = effects.iter().map(|effect| self.raise_in_message(effect)).collect::<Result<_, _>>()?;
        self.update_all(cstr!("messages"), messages).await?;
        let pins = effects.iter().map(|effect| self.raise_pin(effect)).collect::<Result<_, _>>()?;
        self.update_all(cstr!("pins"), pins).await
    }

    fn raise_in_message(&self, effect: &Effect) -> Result<RawDocumentBuf, StoreError> {
        let Effect { group, target, change: Change::Pin(pin) } = effect;
        let query = self.of_group(group, message_id(group, *target));
        encode(&doc! { "q": query, "u": { "$max": { "pin": int(pin.bits()) } } })
    }

    fn raise_pin(&self, effect: &Effect) -> Result<RawDocumentBuf, StoreError> {
        let Effect { group, target, change: Change::Pin(pin) } = effect;
        let first = doc! { "group": group.as_str(), "seq": int(*target), "v": VERSION };
        encode(&doc! {
            "q": self.of_group(group, message_id(group, *target)),
            "u": { "$max": { "pin": int(pin.bits()) }, "$setOnInsert": first },
            "upsert": true,
        })
    }

    /// The newest pinned messages, newest first. Rows are read until there are enough of them that stand for a message.
    pub(super) async fn pinned(&self, group: &GroupId, limit: usize) -> Result<Vec<Event>, StoreError> {
        let (mut pinned, mut below) = (Vec::new(), Seq::MAX);
        while pinned.len() < limit {
            let mut filter = self.of_group(group, between(group, 0, below));
            // The switches that are on.
            filter.insert("pin", doc! { "$mod": [2, 1] });
            let rows = self.find(&self.pins, filter, doc! { "_id": -1 }, 0, limit).await?;
            let seqs = rows.iter().map(|row| read::<PinDocument>(row).map(|row| row.seq));
            let seqs: Vec<Seq> = seqs.collect::<Result<_, _>>()?;
            let Some(lowest) = seqs.last() else { break };
            below = *lowest;
            let mut found = self.messages_under(group, &seqs).await?;
            found.retain(|event| event.state.pin.is_on());
            found.sort_by_key(|event| std::cmp::Reverse(event.seq));
            pinned.append(&mut found);
            if rows.len() < limit {
                break;
            }
        }
        pinned.truncate(limit);
        Ok(pinned)
    }
}
