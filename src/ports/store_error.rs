//! How the store fails.

use super::StartError;
use crate::domain::{Code, Refusal};

/// Why the store did not answer as asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Out of reach, or no answer in time. Whether the call took effect is unknown.
    #[error("the store is out of reach: {0}")]
    Unreachable(String),
    /// It refused this for good; the same call would be refused again.
    #[error("the store refused: {0}")]
    Refused(String),
}

impl From<StoreError> for Refusal {
    /// What whoever asked is told.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unreachable(_) => Refusal::unavailable(),
            StoreError::Refused(_) => Refusal::new(Code::Internal, "the store refused this; tell the operator"),
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
