//! A partition in our hands, and how it stands with what is pending of it.

use std::collections::HashSet;
use std::sync::Arc;

use futures::FutureExt;
use parking_lot::Mutex;
use tokio::task::{JoinError, JoinHandle};

use super::order::Order;
use crate::hub::pipeline::restore::Restorer;
use crate::ports::{BackplaneError, EntryId, LeaseToken, LogRead, Partition};

/// A partition in our hands.
pub(super) struct Held {
    pub(super) token: LeaseToken,
    pub(super) order: Order,
    /// Entries that were read and are not yet acked.
    pub(super) entries: Arc<Mutex<HashSet<EntryId>>>,
    pub(super) pending: Pending,
}

/// How it stands with entries of a partition that lie with other consumers, or with an earlier read of our own.
pub(super) enum Pending {
    /// All were taken over.
    Taken,
    /// They are to be taken over.
    Due,
    /// The same, and the last call about the partition was not answered: until one is, nobody waits for its answers.
    /// Taking over may be under way.
    Silent(Option<Claim>),
}

pub(super) type Claim = JoinHandle<Result<LogRead, BackplaneError>>;

// === impl Held ===

impl Held {
    pub(super) fn new(token: LeaseToken) -> Self {
        Self { token, order: Order::default(), entries: Arc::default(), pending: Pending::Due }
    }

    /// The backplane was silent about the partition, and may have come back without its tail: with heads below what
    /// was stored here, of which the nodes' peer messages may be lost as well.
    pub(super) fn compare_heads(&self, restorer: &Arc<Restorer>, partition: Partition) {
        restorer.raise_heads(partition, self.order.passed());
    }
}

// === impl Pending ===

impl Pending {
    /// Whether anything is to be taken over.
    pub(super) fn is_wanted(&self) -> bool {
        !matches!(self, Self::Taken)
    }

    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Self::Silent(_))
    }

    /// What is pending is to be taken over.
    pub(super) fn is_due(&mut self) {
        if matches!(self, Self::Taken) {
            *self = Self::Due;
        }
    }

    /// A call about the partition was not answered. What a lost reply carried is pending now, not new.
    pub(super) fn is_unanswered(&mut self) {
        if !self.is_silent() {
            *self = Self::Silent(None);
        }
    }

    /// What was pending is here; whether the partition was silent before.
    pub(super) fn is_taken(&mut self) -> bool {
        let before = std::mem::replace(self, Self::Taken);
        before.is_silent()
    }

    /// Takes over what is due; `None` where nothing is, or nobody waits for it.
    pub(super) async fn claimed(
        &mut self,
        begin: impl FnOnce() -> Claim,
    ) -> Option<Result<Result<LogRead, BackplaneError>, JoinError>> {
        match self {
            Self::Taken => None,
            Self::Due => Some(begin().await),
            Self::Silent(claim) => {
                let claimed = claim.get_or_insert_with(begin).now_or_never()?;
                *claim = None;
                Some(claimed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(answered: bool) -> Claim {
        tokio::spawn(async move { if answered { Ok(LogRead::default()) } else { std::future::pending().await } })
    }

    #[tokio::test]
    async fn what_is_due_is_waited_for_unless_the_backplane_is_silent() {
        let mut pending = Pending::Due;
        assert!(matches!(pending.claimed(|| claim(true)).await, Some(Ok(Ok(_)))));
        assert!(!pending.is_taken(), "it was not silent");
        assert!(pending.claimed(|| unreachable!("nothing is due")).await.is_none());

        pending.is_unanswered();
        assert!(pending.claimed(|| claim(false)).await.is_none(), "nobody waits");
        pending.is_due();
        pending.is_unanswered();
        assert!(pending.claimed(|| unreachable!("one is under way")).await.is_none());
        assert!(pending.is_taken(), "heads are to be compared");
    }

    #[tokio::test]
    async fn a_claim_that_was_not_waited_for_is_taken_up_when_it_is_answered() {
        let mut pending = Pending::Silent(None);
        let answered = loop {
            match pending.claimed(|| claim(true)).await {
                Some(answered) => break answered,
                None => tokio::task::yield_now().await,
            }
        };
        assert!(matches!(answered, Ok(Ok(_))));
        assert!(matches!(pending, Pending::Silent(None)));
    }
}
