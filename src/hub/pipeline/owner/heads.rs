//! Heads in the groups' documents are raised behind the commits, in bulk.
//!
//! Followers find there how far a group has come. What a node that dies takes along is found by comparing with the messages.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::batch::Batch;
use crate::domain::{GroupId, Head, UserId};
use crate::ports::{Commit, FollowerStore};

/// Heads wait so long for others to go with.
const RAISE_EVERY: Duration = Duration::from_secs(2);
/// No more groups wait than these: where the store is silent for long, memory has an end.
const MOST_WAITING: usize = 100_000;

/// The heads of groups that moved, until they stand in their documents.
pub(crate) struct DocumentHeads {
    followers: Arc<dyn FollowerStore>,
    waiting: Mutex<HashMap<GroupId, Head>>,
    most: usize,
}

// === impl DocumentHeads ===

impl DocumentHeads {
    pub(crate) fn new(followers: Arc<dyn FollowerStore>) -> Self {
        Self { followers, waiting: Mutex::default(), most: MOST_WAITING }
    }

    /// Notes what a commit brought. Nodes' messages to themselves have no document.
    pub(super) fn committed(&self, commit: &Commit, batch: &Batch) {
        let is_probe = |from: &UserId| *from == UserId::probe() || *from == UserId::passing_probe();
        let mut waiting = self.waiting.lock();
        for part in &commit.groups {
            let run = batch.groups.get(&part.group);
            if run.is_none_or(|run| !run.events.values().all(|event| is_probe(&event.from))) {
                self.keep(&mut waiting, &part.group, part.head);
            }
        }
    }

    /// Raises heads every two seconds, for as long as the node runs.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut tick = tokio::time::interval(RAISE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.flush().await;
        }
    }

    /// Raises all heads that wait. Where that fails they wait for the next time.
    pub(crate) async fn flush(&self) {
        let heads: Vec<(GroupId, Head)> =
            self.waiting.lock().iter().map(|(group, head)| (group.clone(), *head)).collect();
        if heads.is_empty() || self.followers.raise_heads(&heads).await.is_err() {
            return;
        }
        // What moved on meanwhile, or whose flush is given up on the way, waits still.
        let mut waiting = self.waiting.lock();
        for (group, raised) in heads {
            if waiting.get(&group).is_some_and(|head| head.seq <= raised.seq) {
                waiting.remove(&group);
            }
        }
    }

    fn keep(&self, waiting: &mut HashMap<GroupId, Head>, group: &GroupId, head: Head) {
        let has_room = waiting.len() < self.most;
        match waiting.get_mut(group) {
            Some(kept) if kept.seq < head.seq => *kept = head,
            Some(_) => {}
            None if has_room => {
                waiting.insert(group.clone(), head);
            }
            None => tracing::debug!(%group, "a group's document hears of its head at the next message"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Event, Seq};
    use crate::hub::node::tests::record;
    use crate::hub::pipeline::owner::route_hints::RouteHints;
    use crate::hub::testing::{MemoryStore, group, text, until};
    use crate::ports::LeaseToken;

    fn committed(heads: &DocumentHeads, event: Event) {
        let mut batch = Batch::new(0, LeaseToken::random(), Arc::default());
        batch.add_found(vec![event]);
        let commit = batch.commit(Vec::new(), &record("a.1").node, &RouteHints::default());
        heads.committed(&commit, &batch);
    }

    fn store(groups: &[&GroupId]) -> Arc<MemoryStore> {
        let store = Arc::new(MemoryStore::default());
        groups.iter().for_each(|id| store.put_group(group(id, &["anna"])));
        store
    }

    async fn raised(store: &MemoryStore, id: &GroupId) -> Seq {
        store.extents(std::slice::from_ref(id)).await.map_or(0, |extents| extents[0].head.seq)
    }

    #[tokio::test(start_paused = true)]
    async fn the_latest_head_is_raised_also_after_a_while_without_the_store() {
        let (one, probe) = (GroupId::random(), GroupId::random());
        let store = store(&[&one, &probe]);
        let heads = Arc::new(DocumentHeads::new(store.clone()));
        [1, 3, 2].into_iter().for_each(|seq| committed(&heads, text(&one, seq, "anna")));
        committed(&heads, Event { from: UserId::probe(), ..text(&probe, 1, "anna") });
        store.be_silent(true);
        heads.flush().await;
        store.be_silent(false);
        assert_eq!(raised(&store, &one).await, 0);
        tokio::spawn(heads.clone().run());
        until(|| heads.waiting.lock().is_empty()).await;
        assert_eq!((raised(&store, &one).await, raised(&store, &probe).await), (3, 0));
        committed(&heads, text(&one, 4, "anna"));
        heads.flush().await;
        assert_eq!(raised(&store, &one).await, 4);
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_what_is_there_moves_on() {
        let (one, other) = (GroupId::random(), GroupId::random());
        let store = store(&[&one, &other]);
        let heads = DocumentHeads { most: 1, ..DocumentHeads::new(store.clone()) };
        committed(&heads, text(&one, 1, "anna"));
        committed(&heads, text(&other, 1, "anna"));
        committed(&heads, text(&one, 2, "anna"));
        heads.flush().await;
        assert_eq!((raised(&store, &one).await, raised(&store, &other).await), (2, 0));
        committed(&heads, text(&other, 2, "anna"));
        heads.flush().await;
        assert_eq!(raised(&store, &other).await, 2);
    }
}
