//! What stands in a message's document of its state, and in the rows beside it.

use std::collections::BTreeMap;

use mongodb::bson::{Document, serialize_to_document};
use serde::{Deserialize, Serialize};

use crate::domain::{Edit, Emoji, Erasure, Millis, Seq, Tallies, Tally, UserId, stored};
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

/// How many react with an emoji, in the message's document; by the emoji's bytes in hexadecimal digits, since no field
/// is to have a name that a client chooses.
#[derive(Deserialize)]
pub(super) struct TallyDocument {
    emoji: Option<Emoji>,
    #[serde(default)]
    count: u64,
    #[serde(default)]
    at: Seq,
    first: Option<Seq>,
}

/// Reads a message's tallies.
pub(super) fn tallies(documents: BTreeMap<String, TallyDocument>) -> Tallies {
    // One without an emoji was only said to be used first by then: what counts it comes with the same effect.
    let tally = |TallyDocument { emoji, count, at, first }: TallyDocument| {
        Some(Tally { emoji: emoji?, count, at, first: first.unwrap_or(Seq::MAX), mine: false })
    };
    documents.into_values().filter_map(tally).collect()
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
