//! Commits until they are done.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::RETRY;
use super::batch::{Trail, forget};
use super::owned::Owned;
use crate::ports::{Commit, CommitError, Committed, Log, Partition};

/// After so long without the backplane the partition is given up: its lease has ended by then.
const GIVE_UP: Duration = Duration::from_secs(15);

/// Commits batches.
pub(crate) struct Committer {
    log: Arc<dyn Log>,
    owned: Arc<Owned>,
}

// === impl Committer ===

impl Committer {
    pub(crate) fn new(log: Arc<dyn Log>, owned: Arc<Owned>) -> Self {
        Self { log, owned }
    }

    /// Commits until it is done; `None` when the partition is no longer ours.
    pub(super) async fn commit(&self, commit: &Commit) -> Option<Committed> {
        let started = Instant::now();
        let mut retry = RETRY;
        loop {
            match self.log.commit(commit).await {
                Ok(committed) => return Some(committed),
                Err(CommitError::LeaseLost) => {
                    tracing::info!(partition = commit.partition, "a partition was taken over by another node");
                    self.owned.lose(commit.partition, &commit.token);
                    return None;
                }
                Err(CommitError::Backplane(error)) => {
                    tracing::warn!(%error, partition = commit.partition, "a commit is to be repeated");
                    if started.elapsed() > GIVE_UP {
                        self.owned.lose(commit.partition, &commit.token);
                        return None;
                    }
                    retry.pause().await;
                }
            }
        }
    }

    /// Nothing follows: acks go by themselves.
    pub(super) async fn ack_idle(&self, partition: Partition, trail: &mut Trail) {
        let (token, done) = (trail.token.clone(), std::mem::take(&mut trail.done));
        let commit = Commit { partition, token, done, groups: Vec::new(), hinted: Vec::new() };
        if self.commit(&commit).await.is_some() {
            forget(&trail.held, &commit.done);
        }
    }
}
