//! Sends whose cid the backplane has seen before.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::appends::{Queued, RETRY_AFTER};
use super::{Hub, key_of};
use crate::domain::{Cid, Event, GroupId, Refusal, Seq, UserId};
use crate::kernel::Backoff;
use crate::ports::{Append, StoreError};

/// A commit that is on its way comes within this time.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// What the store knows of a repeated send.
enum Found {
    Stored(Box<Event>),
    /// Stored, and above the group's stored head: its effect on others may be missing still.
    Uncommitted,
    NotYet,
    Lost,
}

impl Hub {
    /// A repeated send: acked when the document under its seq, or under its cid, is this very send.
    /// When it is still in the log, its delivery acks it. When it is neither (its seq went to
    /// another event), it is lost, and appended anew.
    pub(super) async fn seen_before(self: Arc<Self>, mut queued: Queued, seq: Seq) {
        let key = key_of(&queued.append);
        let Append { group, from, cid, .. } = &queued.append;
        let begun = Instant::now();
        let mut retry = Backoff::new(RETRY_AFTER, self.config.send_timeout);
        let found = loop {
            // Repeats come in swarms when something was slow: they must not make it slower.
            let Ok(place) = self.publisher.checks.acquire().await else { return };
            let found = self.stored_send(group, from, cid, seq).await;
            drop(place);
            let found = self.if_committed(group, found).await;
            let again = match found {
                Ok(Found::Uncommitted) => true,
                // Where the group is not on this node, and another node made the first try, no
                // delivery will come by here.
                Ok(Found::NotYet) => self.groups.get(group).is_none(),
                _ => false,
            };
            if !again || !self.publisher.waiting.contains_key(&key) {
                break found;
            }
            if matches!(found, Ok(Found::Uncommitted)) && begun.elapsed() >= ON_ITS_WAY {
                // The backplane lost the entry, or the commit: nobody else may come to raise the head.
                drop(self.restore_held(group).await);
            }
            retry.pause().await;
        };
        match found {
            Ok(Found::Stored(event)) => self.resolve(&event),
            Ok(Found::NotYet | Found::Uncommitted) => {}
            Ok(Found::Lost) if queued.again => {}
            Ok(Found::Lost) => {
                let partition = self.partition(group);
                if self.backplane.forget_cid(partition, group, from, cid).await.is_ok() {
                    queued.again = true;
                    if !self.enqueue(queued) {
                        self.answer(&key, &Err(Refusal::overloaded("too many messages wait for this group")));
                    }
                }
            }
            Err(error) => drop(self.answer(&key, &Err(error.into()))),
        }
    }

    async fn if_committed(&self, group: &GroupId, found: Result<Found, StoreError>) -> Result<Found, StoreError> {
        match &found {
            Ok(Found::Stored(event)) if !self.is_committed(group, event.seq).await => Ok(Found::Uncommitted),
            _ => found,
        }
    }

    async fn is_committed(&self, group: &GroupId, seq: Seq) -> bool {
        if self.groups.get(group).is_some_and(|group| group.at() >= seq) {
            return true;
        }
        let heads = self.backplane.heads(self.partition(group), std::slice::from_ref(group)).await;
        let head = heads.ok().and_then(|heads| heads.first().copied().flatten());
        head.is_some_and(|head| head.seq >= seq)
    }

    async fn stored_send(&self, group: &GroupId, from: &UserId, cid: &Cid, seq: Seq) -> Result<Found, StoreError> {
        let at_seq = self.store.event(group, seq).await?;
        match at_seq {
            None => return Ok(Found::NotYet),
            Some(event) if event.from == *from && event.cid == *cid => return Ok(Found::Stored(Box::new(event))),
            Some(_) => {}
        }
        Ok(self.store.event_by_cid(group, from, cid).await?.map_or(Found::Lost, |event| Found::Stored(Box::new(event))))
    }
}
