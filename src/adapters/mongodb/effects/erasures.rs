//! Messages that were deleted: nothing is left of what they said.

use mongodb::bson::{RawDocumentBuf, doc};

use super::changes::Target;
use crate::adapters::mongodb::MongoStore;
use crate::adapters::mongodb::commands::encode;
use crate::adapters::mongodb::documents::{int, message_id};
use crate::adapters::mongodb::filters::between;
use crate::adapters::mongodb::state_documents::ErasureDocument;
use crate::domain::{Erasure, GroupId, Seq};
use crate::ports::StoreError;

// === impl MongoStore ===

impl MongoStore {
    /// Of two the one of the smaller seq stands.
    pub(super) fn erase_in_message(&self, target: Target<'_>, erasure: &Erasure) -> Result<RawDocumentBuf, StoreError> {
        let mut query = self.of_group(target.group, message_id(target.group, target.seq));
        query.insert("erased.seq", doc! { "$not": { "$lte": int(erasure.seq) } });
        let erased = doc! { "erased": ErasureDocument::from(erasure).encode()? };
        let emptied =
            doc! { "text": "", "data": "", "pin": "", "edit": "", "reactions": "", "replies": "", "mentions": "" };
        encode(&doc! { "q": query, "u": { "$set": erased, "$unset": emptied } })
    }

    /// Removes the rows beside a message: all of them begin with its id.
    pub(in crate::adapters::mongodb) async fn remove_rows_of(
        &self,
        group: &GroupId,
        seq: Seq,
    ) -> Result<(), StoreError> {
        for rows in [&self.pins, &self.edits, &self.reactions, &self.replies] {
            let beside = self.of_group(group, between(group, seq, seq.saturating_add(1)));
            self.within(rows.delete_many(beside)).await?;
        }
        Ok(())
    }
}
