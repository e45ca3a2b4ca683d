//! What a failure of MongoDB means for the caller.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::ports::{Inserted, StartError, StoreError};

/// The key is taken: of `_id` or of a unique index.
pub(super) const DUPLICATE_KEY: i32 = 11000;

/// Codes with which a server refuses a document for what it is. Anything else (no rights, no
/// space, stepping down) may be mended, and must never turn a message into a void.
const REFUSALS: [i32; 8] = [
    2,     // BadValue
    22,    // InvalidBSON
    52,    // DollarPrefixedFieldName
    121,   // DocumentValidationFailure
    10334, // BSONObjectTooLarge
    17280, // KeyTooLong
    17419, // the document would be larger than the limit after the update
    17420, // the document to insert is larger than the limit
];

/// Codes with which a server does not let somebody in: who comes is unknown, or may not ask.
const NOT_LET_IN: [i32; 2] = [
    13, // Unauthorized
    18, // AuthenticationFailed
];

/// In the words of the TLS library: a certificate that does not hold.
const UNTRUSTED: &str = "invalid peer certificate";

/// What a failure means for a node that is to start.
pub(super) fn not_started(error: Error) -> StartError {
    match *error.kind {
        // Names may come to be, also those that lead to the servers.
        ErrorKind::DnsResolve { .. } | ErrorKind::Io(_) => StartError::NotYet(error.kind.to_string()),
        ErrorKind::Authentication { .. }
        | ErrorKind::InvalidTlsConfig { .. }
        | ErrorKind::IncompatibleServer { .. } => StartError::Never(error.kind.to_string()),
        ErrorKind::Command(ref failure) if NOT_LET_IN.contains(&failure.code) => {
            StartError::Never(error.kind.to_string())
        }
        ErrorKind::ServerSelection { ref message, .. } if message.contains(UNTRUSTED) => {
            StartError::Never(message.clone())
        }
        _ => store_error(error).into(),
    }
}

/// What the failure of a whole operation means.
pub(super) fn store_error(error: Error) -> StoreError {
    match *error.kind {
        // Only the connection string, the URL's options or a document of ours can be at fault.
        ErrorKind::Bson(_) | ErrorKind::InvalidArgument { .. } => StoreError::Refused(error.kind.to_string()),
        ErrorKind::Command(ref failure) => StoreError::Unreachable(failure.to_string()),
        ErrorKind::Write(WriteFailure::WriteError(ref failure)) => refusal(failure.code, &failure.message),
        _ => StoreError::Unreachable(error.kind.to_string()),
    }
}

/// What the failure of one document or statement of a write means.
pub(super) fn refusal(code: i32, message: &str) -> StoreError {
    let said = format!("{message} (MongoDB code {code})");
    if code == DUPLICATE_KEY || REFUSALS.contains(&code) {
        StoreError::Refused(said)
    } else {
        StoreError::Unreachable(said)
    }
}

/// What the failure of one inserted document means.
pub(super) fn not_inserted(code: i32, message: &str) -> Inserted {
    if code == DUPLICATE_KEY {
        return Inserted::Duplicate;
    }
    match refusal(code, message) {
        StoreError::Refused(why) => Inserted::Refused(why),
        StoreError::Unreachable(why) => Inserted::Unknown(why),
    }
}

/// Whether a write failed because the key is taken.
pub(super) fn is_duplicate(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(failure)) => failure.code == DUPLICATE_KEY,
        ErrorKind::Command(failure) => failure.code == DUPLICATE_KEY,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_is_full_takes_no_update_however_often_it_is_tried() {
        for code in [10334, 17419, 17420] {
            assert!(matches!(refusal(code, "too large"), StoreError::Refused(_)), "{code}");
        }
        let stepping_down = 189;
        assert!(matches!(refusal(stepping_down, "no primary"), StoreError::Unreachable(_)));
    }
}
