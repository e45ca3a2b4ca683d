//! What keeps a node from starting.

use super::{BackplaneError, StoreError};

/// Why a part cannot serve the hub, in a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// It cannot be had now; waiting may help.
    #[error("{0}")]
    NotYet(String),
    /// It is not what is needed: somebody has to change something.
    #[error("{0}")]
    Never(String),
}

// === impl StartError ===

impl StartError {
    /// The same with a sentence made of this one.
    pub fn map(self, sentence: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::NotYet(why) => Self::NotYet(sentence(why)),
            Self::Never(why) => Self::Never(sentence(why)),
        }
    }
}

impl From<BackplaneError> for StartError {
    fn from(error: BackplaneError) -> Self {
        match error {
            BackplaneError::Unreachable(_) | BackplaneError::OutOfMemory => Self::NotYet(error.to_string()),
            BackplaneError::Unexpected(_) => Self::Never(error.to_string()),
        }
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unreachable(_) => Self::NotYet(error.to_string()),
            StoreError::Refused(_) => Self::Never(error.to_string()),
        }
    }
}
