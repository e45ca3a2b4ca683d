//! Why a bench does not say that the contract was held.

use std::io;

use crate::tools::token::NoToken;

/// Why the command ended without a contract that was held.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// There is nobody to load, or nobody to load it with.
    #[error("give at least one node, one group, and a client for each group")]
    NothingToDo,
    /// This machine has no runtime for it.
    #[error("the bench cannot start: {0}")]
    Start(#[source] io::Error),
    /// Clients need tokens.
    #[error(transparent)]
    Token(#[from] NoToken),
    /// Nothing was measured.
    #[error(transparent)]
    Unmeasured(#[from] Unmeasured),
    /// The figures are no JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The figures cannot be written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What happened.
        #[source]
        error: io::Error,
    },
    /// The hub broke the contract.
    #[error("the delivery contract was broken")]
    Broken,
    /// Clients that were cut off cannot tell.
    #[error("no verdict on the hub: the hub closed {closed} connections")]
    CutOff {
        /// How many.
        closed: u64,
    },
}

/// Why nothing was measured, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum Unmeasured {
    /// The hub did not do its part.
    #[error("{0}")]
    Hub(String),
    /// The run could not be made as it was planned: that says nothing about the hub.
    #[error("no verdict on the hub: {0}")]
    Run(String),
}

impl From<io::Error> for Unmeasured {
    /// A connection to the hub broke.
    fn from(error: io::Error) -> Self {
        Self::Hub(error.to_string())
    }
}

// === impl BenchError ===

impl BenchError {
    /// Whether the run says nothing about the hub, through no fault of the hub's.
    pub fn says_nothing(&self) -> bool {
        matches!(self, BenchError::Unmeasured(Unmeasured::Run(_)) | BenchError::CutOff { .. })
    }
}
