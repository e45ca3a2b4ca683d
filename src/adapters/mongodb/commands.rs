//! Commands and their answers: how long one may take, what stands in it.

use std::time::Duration;

use mongodb::bson::{Document, RawDocumentBuf, serialize_to_raw_document_buf};
use serde::Serialize;

use super::errors::store_error;
use crate::ports::StoreError;

/// Waits for an operation up to a time; what became of it is unknown after that.
pub(super) async fn bounded<T>(
    timeout: Duration,
    operation: impl Future<Output = mongodb::error::Result<T>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(timeout, operation).await {
        Ok(answer) => answer.map_err(store_error),
        Err(_) => Err(no_answer(timeout)),
    }
}

pub(super) fn no_answer(timeout: Duration) -> StoreError {
    StoreError::Unreachable(format!("no answer in {} ms", timeout.as_millis()))
}

/// A document of ours as bytes.
pub(super) fn encode(document: &impl Serialize) -> Result<RawDocumentBuf, StoreError> {
    serialize_to_raw_document_buf(document).map_err(|error| StoreError::Refused(error.to_string()))
}

/// An integer that a server may send in any of the number types.
pub(super) fn number(document: &Document, key: &str) -> Option<i32> {
    use mongodb::bson::Bson;
    match document.get(key)? {
        Bson::Int32(number) => Some(*number),
        Bson::Int64(number) => i32::try_from(*number).ok(),
        Bson::Double(number) => Some(*number as i32),
        _ => None,
    }
}
