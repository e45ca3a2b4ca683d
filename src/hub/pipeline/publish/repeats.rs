//! Sends whose cid the backplane has seen before.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::acks::{Acks, key_of};
use crate::domain::{Cid, Event, GroupId, Seq, UserId};
use crate::hub::local::LocalGroups;
use crate::hub::node::NodeState;
use crate::hub::pipeline::restore::Restorer;
use crate::kernel::Backoff;
use crate::ports::{Append, GroupStates, MessageStore, Sequencer, StoreError};

/// Repeated sends looked up in the store at the same time.
const CHECKS_AT_ONCE: usize = 16;
/// A commit that is on its way comes within this time.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
/// Between two tries while the backplane is out of reach.
pub(super) const RETRY_AFTER: Duration = Duration::from_millis(200);

/// A send that waits to be appended.
pub(crate) struct Queued {
    pub(super) append: Append,
    pub(super) since: Instant,
    /// It was told `Seen`, found to be lost, and is on its second try.
    pub(super) again: bool,
    /// Its group is made where there is none, when it is sent again.
    pub(super) on_demand: bool,
}

/// What the store knows of a repeated send.
enum Found {
    Stored(Box<Event>),
    /// Stored, and above the group's stored head: its effect on others may be missing still.
    Uncommitted,
    NotYet,
    Lost,
}

/// Finds out what became of sends that were seen before.
pub(crate) struct Repeats {
    acks: Arc<Acks>,
    sequencer: Arc<dyn Sequencer>,
    states: Arc<dyn GroupStates>,
    messages: Arc<dyn MessageStore>,
    restorer: Arc<Restorer>,
    groups: Arc<LocalGroups>,
    node: Arc<NodeState>,
    /// Repeated sends that are looked up in the store at the same time.
    checks: Semaphore,
}

// === impl Repeats ===

impl Repeats {
    pub(crate) fn new(
        acks: Arc<Acks>,
        sequencer: Arc<dyn Sequencer>,
        states: Arc<dyn GroupStates>,
        messages: Arc<dyn MessageStore>,
        restorer: Arc<Restorer>,
        groups: Arc<LocalGroups>,
        node: Arc<NodeState>,
    ) -> Self {
        Self { acks, sequencer, states, messages, restorer, groups, node, checks: Semaphore::new(CHECKS_AT_ONCE) }
    }

    /// A repeated send: acked when the document under its seq, or under its cid, is this very send.
    /// When it is still in the log, its delivery acks it. When it is neither (its seq went to
    /// another event), it is lost, and answered, to be appended anew.
    pub(crate) async fn lost(&self, mut queued: Queued, seq: Seq) -> Option<Queued> {
        let found = self.found(&queued.append, seq).await?;
        let Append { group, from, cid, .. } = &queued.append;
        match found {
            Ok(Found::Stored(event)) => self.acks.resolve(&event),
            Ok(Found::Lost) if !queued.again => {
                let partition = self.node.partition(group);
                if self.sequencer.forget_cid(partition, group, from, cid).await.is_ok() {
                    queued.again = true;
                    return Some(queued);
                }
            }
            Ok(Found::NotYet | Found::Uncommitted | Found::Lost) => {}
            Err(error) => drop(self.acks.answer(&key_of(&queued.append), &Err(error.into()))),
        }
        None
    }

    /// Looks until it can be told, or nobody waits for it any more; `None` when the node ends.
    async fn found(&self, append: &Append, seq: Seq) -> Option<Result<Found, StoreError>> {
        let key = key_of(append);
        let Append { group, from, cid, .. } = append;
        let begun = Instant::now();
        let mut retry = Backoff::new(RETRY_AFTER, self.acks.timeout());
        loop {
            // Repeats come in swarms when something was slow: they must not make it slower.
            let Ok(place) = self.checks.acquire().await else { return None };
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
            if !again || !self.acks.is_waited_for(&key) {
                return Some(found);
            }
            if matches!(found, Ok(Found::Uncommitted)) && begun.elapsed() >= ON_ITS_WAY {
                // The backplane lost the entry, or the commit: nobody else may come to raise the head.
                drop(self.restorer.restore_held(group).await);
            }
            retry.pause().await;
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
        let heads = self.states.heads(self.node.partition(group), std::slice::from_ref(group)).await;
        let head = heads.ok().and_then(|heads| heads.first().copied().flatten());
        head.is_some_and(|head| head.seq >= seq)
    }

    async fn stored_send(&self, group: &GroupId, from: &UserId, cid: &Cid, seq: Seq) -> Result<Found, StoreError> {
        let at_seq = self.messages.event(group, seq).await?;
        match at_seq {
            None => return Ok(Found::NotYet),
            Some(event) if event.from == *from && event.cid == *cid => return Ok(Found::Stored(Box::new(event))),
            Some(_) => {}
        }
        Ok(self
            .messages
            .event_by_cid(group, from, cid)
            .await?
            .map_or(Found::Lost, |event| Found::Stored(Box::new(event))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use crate::hub::pipeline::publish::Reply;
    use crate::hub::testing::{Bed, MemoryStore, head, text};
    use crate::ports::Standing;

    fn queued(event: &Event) -> Queued {
        let (group, from, cid) = (event.group.clone(), event.from.clone(), event.cid.clone());
        let (kind, traits, body, standing) = (Kind::Text, Kind::Text.traits(), Default::default(), Standing::Member);
        let append = Append { group, from, cid, kind, traits, body, standing };
        Queued { append, since: Instant::now(), again: false, on_demand: false }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_stored_and_committed_is_acked_and_what_lost_its_seq_is_appended_once_more() {
        let group = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&group, &["anna"], [text(&group, 1, "anna"), text(&group, 2, "bob")]));
        bed.log.heads.lock().insert(group.clone(), head(2));
        let (acks, log, store) = (bed.acks.clone(), bed.log.clone(), bed.store.clone());
        let repeats =
            Repeats::new(acks, log.clone(), log, store, bed.restorer.clone(), bed.groups.clone(), bed.node.clone());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let stored = queued(&text(&group, 1, "anna"));
        bed.acks.wait(key_of(&stored.append), Reply::Call(sender));
        assert!(repeats.lost(stored, 1).await.is_none());
        assert_eq!(receiver.await.unwrap().unwrap().seq, 1);

        // Under its seq there is another's.
        let lost = repeats.lost(queued(&text(&group, 9, "anna")), 2).await.unwrap();
        assert!(lost.again);
        assert!(repeats.lost(lost, 2).await.is_none(), "not for ever");
    }
}
