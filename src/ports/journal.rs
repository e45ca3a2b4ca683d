//! A file or the like to which lines are added.

use async_trait::async_trait;

/// Why lines could not be kept.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the journal cannot be written: {0}")]
pub struct JournalError(pub String);

/// Lines, in the order in which they are added.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Adds lines, each with its end. They are durable after the next [`Journal::sync`] that succeeds. An error says
    /// that too many wait for one.
    fn append(&self, lines: &str) -> Result<(), JournalError>;

    /// Makes durable what was added before. Where it fails the lines wait for the next one; some may be there twice
    /// then, or cut short.
    async fn sync(&self) -> Result<(), JournalError>;
}
