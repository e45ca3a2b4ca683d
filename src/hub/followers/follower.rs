//! What a follower is.

use async_trait::async_trait;

use crate::domain::{Event, GroupId, Seq};
use crate::ports::{BackplaneError, Due, Extent, StoreError};

/// With which events a follower begins, at its first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    /// With the oldest that are stored.
    Everything,
    /// With those to come: what is stored when it begins is taken as done.
    Now,
}

/// Why a follower could not do its work. It is asked again.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// The store did not answer as asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backplane did not answer as asked.
    #[error(transparent)]
    Backplane(#[from] BackplaneError),
    /// What is due by the store's clock is not by the backplane's, which is nobody's fault.
    #[error("its time has not come by the backplane's clock")]
    Early,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// Something that works on stored events beside delivery. Each event is handed over at least once, those of a group in
/// order and by one worker at a time, those of several groups side by side.
#[async_trait]
pub(crate) trait Follower: Send + Sync + 'static {
    /// Its name: what it has done is kept under it.
    fn name(&self) -> &'static str;

    /// Where what it makes depends on settings, which these are: with others it begins anew. Empty otherwise.
    fn edition(&self) -> String {
        String::new()
    }

    /// With which events it begins.
    fn begins(&self) -> Begins;

    /// Whether it is told of events. One that is not does what is planned for it, and nothing else.
    fn is_told(&self) -> bool {
        true
    }

    /// For one that begins now: groups that are there already, some at a time. May be told again.
    async fn begun(&self, _extents: &[Extent]) -> Result<(), Failure> {
        Ok(())
    }

    /// Works on stored events of a group, ascending and without a hole, voids too. They may come again: the work is
    /// idempotent by (group, seq).
    async fn events(&self, group: &GroupId, events: &[Event]) -> Result<(), Failure>;

    /// What lies below `first` was removed from the group, by retention or since it was deleted. May be told again.
    async fn expired(&self, group: &GroupId, first: Seq) -> Result<(), Failure>;

    /// Makes durable what it has worked on. Only then is that noted as done. Where this fails it keeps what it was given,
    /// and is asked again.
    async fn flush(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether it plans things for later ([`Follower::due`]).
    fn has_due(&self) -> bool {
        false
    }

    /// Does what it planned for now. May come again, as long as this fails or takes longer than its claim.
    async fn due(&self, _due: &Due) -> Result<(), Failure> {
        Ok(())
    }
}
