//! What failures of SQLite mean.

use rusqlite::ErrorCode;

use crate::ports::StoreError;

/// What a failure of SQLite means for the caller.
pub(super) fn store_error(error: rusqlite::Error) -> StoreError {
    if is_refusal(&error) {
        return StoreError::Refused(error.to_string());
    }
    StoreError::Unreachable(match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".into(),
        _ => error.to_string(),
    })
}

/// Whether the same call would fail again: for its own input, or for what is stored and cannot be
/// read. A full or broken disk may be mended.
pub(super) fn is_refusal(error: &rusqlite::Error) -> bool {
    use ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, TooBig | ConstraintViolation | TypeMismatch)
        }
        rusqlite::Error::UnwindingPanic => false,
        _ => true,
    }
}
