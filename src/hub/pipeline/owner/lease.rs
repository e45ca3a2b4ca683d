//! Leases of partitions: held, taken and handed over.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use super::choice::first_choice;
use super::owned::Owned;
use crate::domain::NodeName;
use crate::hub::codec::{PeerEvent, PeerMessage};
use crate::hub::node::NodeState;
use crate::ports::{Cluster, Inboxes, LeaseToken, Partition, StoreHealth};

/// How often leases are renewed and free partitions looked for.
const TICK: Duration = Duration::from_secs(1);
/// A partition that has been free for this long is taken by anyone.
const FREE_FOR: Duration = Duration::from_secs(2);

/// Holds what is ours and takes what nobody holds.
pub(crate) struct Leases {
    owned: Arc<Owned>,
    cluster: Arc<dyn Cluster>,
    inboxes: Arc<dyn Inboxes>,
    store: Arc<dyn StoreHealth>,
    node: Arc<NodeState>,
    /// How long a lease lives without being renewed.
    lease: Duration,
}

/// What is to be done about a partition.
enum Tending {
    /// Its lease is to be renewed, or taken.
    Renew(LeaseToken),
    /// It should be another node's.
    HandOver(LeaseToken),
    LetBe,
}

// === impl Leases ===

impl Leases {
    pub(crate) fn new(
        owned: Arc<Owned>,
        cluster: Arc<dyn Cluster>,
        inboxes: Arc<dyn Inboxes>,
        store: Arc<dyn StoreHealth>,
        node: Arc<NodeState>,
        lease: Duration,
    ) -> Self {
        Self { owned, cluster, inboxes, store, node, lease }
    }

    /// Holds what is ours and takes what nobody holds, for as long as the node runs.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut free_since: HashMap<Partition, Instant> = HashMap::new();
        let mut seen_progress = 0;
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.owned.asked_to_look() => {}
            }
            let progress = self.owned.progress.load(Ordering::Relaxed);
            let able = std::mem::replace(&mut seen_progress, progress) != progress || self.store.ping().await.is_ok();
            if !able {
                // A node with a broken link to the store must not keep its partitions.
                tracing::warn!("the store does not answer; leases are not renewed");
                continue;
            }
            let leaving = self.tend_all(&mut free_since).await;
            self.hand_over(leaving).await;
        }
    }

    /// Renews and takes what is due; answers what is to be handed over. A partition whose part of the
    /// backplane does not answer is let be, and no other waits for it longer than for that answer.
    async fn tend_all(&self, free_since: &mut HashMap<Partition, Instant>) -> BTreeMap<Partition, LeaseToken> {
        let ask = |partition| async move { (partition, self.cluster.partition_owner(partition).await) };
        let (mut leaving, mut due) = (BTreeMap::new(), Vec::new());
        for (partition, owner) in join_all((0..self.node.partitions()).map(ask)).await {
            match owner {
                Ok(owner) => match self.tend(partition, owner, free_since) {
                    Tending::Renew(token) => due.push(self.renew(partition, token)),
                    Tending::HandOver(token) => drop(leaving.insert(partition, token)),
                    Tending::LetBe => {}
                },
                Err(error) => {
                    tracing::warn!(%error, partition, "whose a partition is cannot be told");
                }
            }
        }
        if join_all(due).await.contains(&true) {
            // Once for all that were taken: it ends the read under way.
            self.owned.has_changed();
        }
        leaving
    }

    /// What is to be done about a partition that has this owner.
    fn tend(
        &self,
        partition: Partition,
        owner: Option<NodeName>,
        free_since: &mut HashMap<Partition, Instant>,
    ) -> Tending {
        let view = self.node.view();
        let me = self.node.name();
        let token = self.owned.token(partition);
        let draining = self.node.is_draining();
        // While everybody drains, what is held is kept to the end.
        let mine = first_choice(&view.nodes, partition).map_or(token.is_some(), |first| *first == me);
        if owner.is_some() {
            free_since.remove(&partition);
        }
        let free = owner.is_none() && {
            let since = *free_since.entry(partition).or_insert_with(Instant::now);
            since.elapsed() >= FREE_FOR && !draining
        };
        match token {
            Some(token) if mine || (self.owned.keeps(partition) && !draining) => Tending::Renew(token),
            Some(token) => Tending::HandOver(token),
            None if owner.is_none() && (mine || free) => {
                let token = LeaseToken::random();
                if !mine {
                    self.owned.took_out_of_turn(partition);
                }
                Tending::Renew(token)
            }
            None => Tending::LetBe,
        }
    }

    /// True when the partition was taken: also when it was lost, to a commit that found no lease, while the
    /// lease was being renewed.
    async fn renew(&self, partition: Partition, token: LeaseToken) -> bool {
        match self.cluster.hold_partition(partition, &self.node.name(), &token, self.lease).await {
            Ok(true) if !self.owned.holds(partition) => {
                tracing::info!(partition, "took up a partition");
                self.owned.take_up(partition, token);
                return true;
            }
            Ok(true) => {}
            Ok(false) => self.owned.lose(partition, &token),
            Err(error) => {
                tracing::warn!(%error, partition, "a lease was not renewed");
            }
        }
        false
    }

    /// These partitions have another first choice now. It is told, so that they are without an owner
    /// for no longer than a peer message takes.
    async fn hand_over(&self, leaving: BTreeMap<Partition, LeaseToken>) {
        if leaving.is_empty() {
            return;
        }
        self.owned.let_go(leaving.keys().copied().collect()).await;
        self.release(&leaving).await;
        let view = self.node.view();
        let next: BTreeSet<_> = leaving.keys().filter_map(|partition| first_choice(&view.nodes, *partition)).collect();
        let posts: Vec<_> =
            next.into_iter().map(|node| (node.clone(), PeerMessage::encode(&[PeerEvent::Freed]))).collect();
        if let Err(error) = self.inboxes.post(&posts).await {
            tracing::debug!(%error, "the next owners will see for themselves");
        }
    }

    /// Gives back whatever is still held, when nothing of it is seen to any more.
    pub(crate) async fn release_all(&self) {
        let held = self.owned.all();
        self.release(&held).await;
    }

    async fn release(&self, leaving: &BTreeMap<Partition, LeaseToken>) {
        join_all(leaving.iter().map(|(partition, token)| async move {
            self.owned.lose(*partition, token);
            match self.cluster.release_partition(*partition, token).await {
                Ok(()) => tracing::info!(partition, "handed a partition over"),
                Err(error) => tracing::warn!(%error, partition, "the next owner waits for the lease to end"),
            }
        }))
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{MemoryCluster, MemoryInboxes, MemoryStore, node, until};

    #[tokio::test(start_paused = true)]
    async fn what_is_ours_is_held_while_the_store_answers_and_handed_over_to_who_comes() {
        let (owned, cluster, inboxes) = (Arc::<Owned>::default(), Arc::default(), Arc::<MemoryInboxes>::default());
        let (store, node) = (Arc::<MemoryStore>::default(), node());
        store.be_silent(true);
        node.begin_life(record("a.1").node);
        node.saw(vec![record("a.1")], 1);
        let cluster: Arc<MemoryCluster> = cluster;
        let lease = Duration::from_secs(8);
        let leases = Leases::new(owned.clone(), cluster, inboxes.clone(), store.clone(), node.clone(), lease);
        tokio::spawn(Arc::new(leases).run());
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(owned.count(), 0, "who cannot store takes nothing");
        store.be_silent(false);
        until(|| owned.holds(0)).await;
        node.drain();
        node.saw(vec![crate::ports::NodeRecord { draining: true, ..record("a.1") }, record("b.1")], 2);
        until(|| !owned.holds(0)).await;
        assert!(
            matches!(&inboxes.take()[..], [(to, events)] if to == "b.1" && matches!(events[..], [PeerEvent::Freed]))
        );
    }
}
