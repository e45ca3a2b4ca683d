//! Why the backplane did not answer.

use crate::domain::Refusal;
use crate::ports::StartError;

/// Why the backplane did not answer as asked. Whether the call took effect is unknown, so every
/// call may be repeated.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BackplaneError {
    /// It cannot be reached, or gave no answer in time.
    #[error("the backplane is out of reach: {0}")]
    Unreachable(String),
    /// It has no memory left for new entries.
    #[error("the backplane is out of memory")]
    OutOfMemory,
    /// It answered something that the adapter does not understand.
    #[error("the backplane answered unexpectedly: {0}")]
    Unexpected(String),
}

impl From<BackplaneError> for Refusal {
    /// What whoever asked is told.
    fn from(error: BackplaneError) -> Self {
        match error {
            BackplaneError::OutOfMemory => Refusal::overloaded("the hub has no room for this now; try again"),
            BackplaneError::Unreachable(_) | BackplaneError::Unexpected(_) => Refusal::unavailable(),
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
