//! Switches in the messages' own documents, and a collection of what is pinned.

use mongodb::bson::{RawDocumentBuf, doc};

use super::changes::Target;
use crate::adapters::mongodb::MongoStore;
use crate::adapters::mongodb::commands::encode;
use crate::adapters::mongodb::documents::{VERSION, int, message_id, read};
use crate::adapters::mongodb::filters::between;
use crate::adapters::mongodb::state_documents::PinDocument;
use crate::domain::{Event, GroupId, Seq, Switch};
use crate::ports::StoreError;

// === impl MongoStore ===

impl MongoStore {
    pub(super) fn pin_in_message(&self, target: Target<'_>, pin: Switch) -> Result<RawDocumentBuf, StoreError> {
        let mut query = self.of_group(target.group, message_id(target.group, target.seq));
        query.insert("erased", doc! { "$exists": false });
        encode(&doc! { "q": query, "u": { "$max": { "pin": int(pin.bits()) } } })
    }

    /// `$max` lets switches come in any order and again.
    pub(super) fn pin_row(&self, target: Target<'_>, pin: Switch) -> Result<RawDocumentBuf, StoreError> {
        let first = doc! { "group": target.group.as_str(), "seq": int(target.seq), "v": VERSION };
        encode(&doc! {
            "q": self.of_group(target.group, message_id(target.group, target.seq)),
            "u": { "$max": { "pin": int(pin.bits()) }, "$setOnInsert": first },
            "upsert": true,
        })
    }

    /// The newest pinned messages, newest first. Rows are read until there are enough of them that stand for a message.
    pub(in crate::adapters::mongodb) async fn pinned(
        &self,
        group: &GroupId,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
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
