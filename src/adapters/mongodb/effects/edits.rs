//! Texts that were edited: what they say now beside what they said first, and a row for each event that says it, by
//! which these are found once the text is deleted.

use mongodb::bson::raw::cstr;
use mongodb::bson::{RawDocumentBuf, doc};

use super::changes::Target;
use crate::adapters::mongodb::MongoStore;
use crate::adapters::mongodb::commands::encode;
use crate::adapters::mongodb::documents::{MAX_SEQ, SEQ_DIGITS, VERSION, int, message_id, read};
use crate::adapters::mongodb::state_documents::{EditDocument, EditRow};
use crate::domain::{Edit, Seq};
use crate::ports::StoreError;

/// Rows that are read at once.
const ROWS: usize = 1_000;

/// The `_id` of a row: that of the text, and the seq of the event. Those of a text sort by it.
fn row_id(target: Target<'_>, by: Seq) -> String {
    format!("{}:{by:0width$}", message_id(target.group, target.seq), by = by.min(MAX_SEQ), width = SEQ_DIGITS)
}

// === impl MongoStore ===

impl MongoStore {
    pub(super) fn edit_in_message(&self, target: Target<'_>, edit: &Edit) -> Result<RawDocumentBuf, StoreError> {
        let mut query = self.of_group(target.group, message_id(target.group, target.seq));
        query.insert("erased", doc! { "$exists": false });
        query.insert("edit.seq", doc! { "$not": { "$gte": int(edit.seq) } });
        encode(&doc! { "q": query, "u": { "$set": { "edit": EditDocument::from(edit).encode()? } } })
    }

    pub(super) fn edit_row(&self, target: Target<'_>, by: Seq) -> Result<RawDocumentBuf, StoreError> {
        let first = doc! { "group": target.group.as_str(), "seq": int(by), "v": VERSION };
        encode(&doc! {
            "q": self.of_group(target.group, row_id(target, by)),
            "u": { "$setOnInsert": first },
            "upsert": true,
        })
    }

    /// Empties the events that say something else in the place of these.
    pub(super) async fn empty_edits_of(&self, targets: impl Iterator<Item = Target<'_>>) -> Result<(), StoreError> {
        let mut statements = Vec::new();
        for target in targets {
            for seq in self.edits_of(target).await? {
                let query = self.of_group(target.group, message_id(target.group, seq));
                statements.push(encode(&doc! { "q": query, "u": { "$unset": { "text": "" } } })?);
            }
        }
        self.update_all(cstr!("messages"), statements).await
    }

    /// The seqs of the events that edit a text.
    async fn edits_of(&self, target: Target<'_>) -> Result<Vec<Seq>, StoreError> {
        let (mut seqs, mut after) = (Vec::new(), 0);
        loop {
            let range = doc! { "$gt": row_id(target, after), "$lte": row_id(target, Seq::MAX) };
            let filter = self.of_group(target.group, range);
            let rows = self.find(&self.edits, filter, doc! { "_id": 1 }, 0, ROWS).await?;
            for row in &rows {
                seqs.push(read::<EditRow>(row)?.seq);
            }
            match seqs.last() {
                Some(last) if rows.len() == ROWS => after = *last,
                _ => return Ok(seqs),
            }
        }
    }
}
