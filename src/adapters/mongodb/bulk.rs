//! Many inserts or updates in one command, unordered, with one answer each.
//!
//! The commands are sent as they are: the driver's own bulk calls either stop at the first batch
//! that fails as a whole, or need a server newer than the ones that are supported.

use std::collections::HashMap;

use mongodb::Database;
use mongodb::bson::raw::{CStr, cstr};
use mongodb::bson::{Document, RawArrayBuf, RawDocumentBuf};

use super::MongoStore;
use super::commands::{bounded, number};
use super::errors::{DUPLICATE_KEY, not_inserted, refusal};
use crate::ports::{Inserted, StoreError};

/// Bytes of documents in one command: well below the 16 MB that a command may have.
const COMMAND_BYTES: usize = 8 * 1024 * 1024;

/// Documents in one insert; a server takes 100,000, but others wait meanwhile.
const INSERTS: usize = 5_000;

/// Statements in one update: each is a search of its own, and all must end in time.
const UPDATES: usize = 100;

/// A document beyond this is not even sent; MongoDB's own limit is 16 MB.
const MAX_DOCUMENT: usize = 15 * 1024 * 1024;

/// Tries for statements that collided with another's upsert of the same document.
const UPSERT_TRIES: usize = 4;

/// What a server said about the documents of one command.
struct Report {
    /// Code and message by position.
    errors: HashMap<usize, (i32, String)>,
    /// The ids of the documents that upserts made.
    made: Vec<String>,
    /// Why the majority was not reached, if so.
    concern: Option<String>,
}

// === impl MongoStore ===

impl MongoStore {
    /// Inserts documents into a collection, each by itself.
    pub(super) async fn insert_all(
        &self,
        collection: &CStr,
        documents: &[RawDocumentBuf],
    ) -> Result<Vec<Inserted>, StoreError> {
        let command = cstr!("insert");
        let mut answers: Vec<Inserted> = Vec::with_capacity(documents.len());
        for slice in slices(documents, INSERTS) {
            if let [only] = slice
                && only.as_bytes().len() > MAX_DOCUMENT
            {
                answers.push(Inserted::Refused(format!("larger than {MAX_DOCUMENT} bytes")));
                continue;
            }
            match self.bulk(command, collection, cstr!("documents"), slice).await {
                Ok(report) => answers.extend((0..slice.len()).map(|at| report.inserted(at))),
                Err(error) if slice.len() == documents.len() => return Err(error),
                // What other commands brought is known all the same.
                Err(error) => answers.extend(slice.iter().map(|_| Inserted::Unknown(error.to_string()))),
            }
        }
        Ok(answers)
    }

    /// Carries out update statements in any order. They must be ones that may be repeated.
    pub(super) async fn update_all(
        &self,
        collection: &CStr,
        statements: Vec<RawDocumentBuf>,
    ) -> Result<(), StoreError> {
        self.upsert_all(collection, statements).await.map(drop)
    }

    /// The same; answers the ids of the documents that were made by it.
    pub(super) async fn upsert_all(
        &self,
        collection: &CStr,
        statements: Vec<RawDocumentBuf>,
    ) -> Result<Vec<String>, StoreError> {
        let (mut left, mut made) = (statements, Vec::new());
        for _ in 0..UPSERT_TRIES {
            let mut collided = Vec::new();
            for slice in slices(&left, UPDATES) {
                let mut report = self.bulk(cstr!("update"), collection, cstr!("updates"), slice).await?;
                made.append(&mut report.made);
                collided.extend(report.collided(slice)?);
            }
            if collided.is_empty() {
                return Ok(made);
            }
            left = collided;
        }
        Err(StoreError::Unreachable("too many writers on one document".into()))
    }

    async fn bulk(
        &self,
        command: &CStr,
        collection: &CStr,
        field: &CStr,
        documents: &[RawDocumentBuf],
    ) -> Result<Report, StoreError> {
        let mut array = RawArrayBuf::new();
        for document in documents {
            array.push(document.as_ref());
        }
        let mut body = RawDocumentBuf::new();
        body.append(command, collection.as_str());
        body.append(cstr!("ordered"), false);
        let concern =
            RawDocumentBuf::try_from(&self.write_concern).map_err(|error| StoreError::Refused(error.to_string()))?;
        body.append(cstr!("writeConcern"), concern);
        body.append(field, array);
        let reply = bounded(self.timeout, run(&self.db, body)).await?;
        Ok(Report::read(&reply))
    }
}

async fn run(db: &Database, body: RawDocumentBuf) -> mongodb::error::Result<Document> {
    db.run_raw_command(body).await
}

/// Cuts documents into what fits one command. One that fits none stands alone.
fn slices(documents: &[RawDocumentBuf], most: usize) -> impl Iterator<Item = &[RawDocumentBuf]> {
    let mut rest = documents;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take(most).take_while(|document| {
            bytes += document.as_bytes().len();
            bytes <= COMMAND_BYTES
        });
        let count = fitting.count().max(1).min(rest.len());
        let (slice, after) = rest.split_at(count);
        rest = after;
        (!slice.is_empty()).then_some(slice)
    })
}

// === impl Report ===

impl Report {
    fn read(reply: &Document) -> Self {
        let mut errors = HashMap::new();
        for error in reply.get_array("writeErrors").into_iter().flatten() {
            let Some(error) = error.as_document() else { continue };
            let code = number(error, "code").unwrap_or_default();
            let message = error.get_str("errmsg").unwrap_or_default().to_owned();
            if let Some(at) = number(error, "index").and_then(|at| usize::try_from(at).ok()) {
                errors.insert(at, (code, message));
            }
        }
        let upserted = reply.get_array("upserted").into_iter().flatten().filter_map(|one| one.as_document());
        let made = upserted.filter_map(|one| Some(one.get_str("_id").ok()?.to_owned())).collect();
        let concern = reply.get_document("writeConcernError").ok();
        let concern = concern.map(|error| error.get_str("errmsg").unwrap_or_default().to_owned());
        Self { errors, made, concern }
    }

    /// What became of the document at this position.
    fn inserted(&self, at: usize) -> Inserted {
        match (self.errors.get(&at), &self.concern) {
            (Some((code, message)), _) => not_inserted(*code, message),
            (None, Some(why)) => Inserted::Unknown(format!("no majority yet: {why}")),
            (None, None) => Inserted::Stored,
        }
    }

    /// The statements to repeat because another upserted the same document at that moment.
    fn collided(self, statements: &[RawDocumentBuf]) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let mut collided = Vec::new();
        for (at, (code, message)) in self.errors {
            match statements.get(at) {
                Some(statement) if code == DUPLICATE_KEY => collided.push(statement.clone()),
                _ => return Err(refusal(code, &message)),
            }
        }
        match self.concern {
            Some(why) => Err(StoreError::Unreachable(format!("no majority yet: {why}"))),
            None => Ok(collided),
        }
    }
}
