//! What stands in a message's document of its state, and in the rows beside it.

use mongodb::bson::{Document, serialize_to_document};
use serde::{Deserialize, Serialize};

use crate::domain::{Edit, Erasure, Millis, Seq, UserId, stored};
use crate::ports::StoreError;

/// Whether a message is pinned, in a collection of its own: so that a group's pins are found without a look at all its
/// messages. Its `_id` is the message's.
#[derive(Deserialize)]
pub(super) struct PinDocument {
    pub(super) seq: Seq,
}

/// That an event edits a text, in a collection of its own, so that those of a text are found.
#[derive(Deserialize)]
pub(super) struct EditRow {
    pub(super) seq: Seq,
}

/// What a text says since it was edited.
#[derive(Serialize, Deserialize)]
pub(super) struct EditDocument {
    seq: Seq,
    time: Millis,
    text: String,
}

/// By what a message was deleted.
#[derive(Serialize, Deserialize)]
pub(super) struct ErasureDocument {
    seq: Seq,
    time: Millis,
    #[serde(deserialize_with = "stored")]
    by: UserId,
}

// === impl EditDocument ===

impl EditDocument {
    pub(super) fn encode(&self) -> Result<Document, StoreError> {
        serialize_to_document(self).map_err(|error| StoreError::Refused(error.to_string()))
    }
}

impl From<&Edit> for EditDocument {
    fn from(edit: &Edit) -> Self {
        Self { seq: edit.seq, time: edit.time, text: edit.text.clone() }
    }
}

impl From<EditDocument> for Edit {
    fn from(document: EditDocument) -> Self {
        Self { seq: document.seq, time: document.time, text: document.text }
    }
}

// === impl ErasureDocument ===

impl ErasureDocument {
    pub(super) fn encode(&self) -> Result<Document, StoreError> {
        serialize_to_document(self).map_err(|error| StoreError::Refused(error.to_string()))
    }
}

impl From<&Erasure> for ErasureDocument {
    fn from(erasure: &Erasure) -> Self {
        Self { seq: erasure.seq, time: erasure.time, by: erasure.by.clone() }
    }
}

impl From<ErasureDocument> for Erasure {
    fn from(document: ErasureDocument) -> Self {
        Self { seq: document.seq, time: document.time, by: document.by }
    }
}
