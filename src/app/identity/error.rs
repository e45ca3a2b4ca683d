//! Why keys cannot be had.

use crate::identity::tokens::{JwksError, KeyError};

/// Why there is no telling who somebody is.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file of the operator's or of the hub's own cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What happened.
        #[source]
        error: std::io::Error,
    },
    /// A key that cannot be used.
    #[error("{place}: {error}")]
    Key {
        /// The setting or file that holds it.
        place: String,
        /// Why.
        #[source]
        error: KeyError,
    },
    /// Accounts are to be had, and no key for their tokens.
    #[error("accounts: built-in accounts need a key to sign with; set jwt_secret or a private jwt_key_file")]
    NoKeyForAccounts,
    /// No client for fetching keys.
    #[error("keys cannot be fetched: {0}")]
    Fetching(#[from] JwksError),
}
