//! What a command that failed tells.

use crate::app::config::Mistakes;
use crate::app::identity::IdentityError;
use crate::app::operator::OrderError;
use crate::app::telemetry::TelemetryError;
use crate::ports::StartError;
use crate::tools::bench::BenchError;
use crate::tools::probe::ProbeFailed;

/// Why a command ended without having done what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] Mistakes),
    /// Keys cannot be had.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What the hub stands on cannot serve it.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An order was not carried out.
    #[error(transparent)]
    AdminCommand(#[from] OrderError),
    /// Logs cannot be written as asked.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// A file cannot be written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What happened.
        #[source]
        error: std::io::Error,
    },
    /// It cannot be done as asked, in a sentence that says what to do.
    #[error("{0}")]
    Refused(String),
    /// A load did not show that the contract is held.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// A look from outside did not find the hub well.
    #[error(transparent)]
    Probe(#[from] ProbeFailed),
}

// === impl CommandError ===

impl CommandError {
    /// Whether the hub could not be measured, through no fault of its own.
    pub(super) fn says_nothing(&self) -> bool {
        match self {
            Self::Bench(error) => error.says_nothing(),
            Self::Probe(error) => error.says_nothing(),
            _ => false,
        }
    }
}
