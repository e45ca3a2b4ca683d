//! Which partitions are ours: rendezvous hashing over the live nodes, held by leases.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::Hub;
use super::notify::LossyPeers;
use super::route_hints::RouteHints;
use crate::domain::NodeName;
use crate::hub::codec::{PeerEvent, PeerMessage};
use crate::ports::{LeaseToken, NodeRecord, Partition};

/// How often leases are renewed and free partitions looked for.
const TICK: Duration = Duration::from_secs(1);
/// A partition that has been free for this long is taken by anyone.
const FREE_FOR: Duration = Duration::from_secs(2);
/// A partition taken because its first choice did not take it is kept at least so long: the first
/// choice may be unable for a while.
const KEEP_FOR: Duration = Duration::from_secs(10);
/// A partition is passed on for so long: then those who know what it holds have seen to it, or it is looked at again.
const PASS_FOR: Duration = Duration::from_secs(60);
/// A partition is handed over when its last read is done, after this long in any case: what was read
/// and not committed then, the next owner claims.
const LAST_READ: Duration = Duration::from_secs(2);

/// The partitions in our hands, with the tokens that prove it.
#[derive(Default)]
pub(crate) struct Owned {
    tokens: Mutex<BTreeMap<Partition, LeaseToken>>,
    /// Those of them that are about to be handed over: what was read is still seen to, nothing more
    /// is read.
    leaving: Mutex<BTreeSet<Partition>>,
    /// Partitions that another node should own, with the time of taking them.
    out_of_turn: Mutex<HashMap<Partition, Instant>>,
    /// Partitions that are passed on, since when: they hold what this node does not know.
    passing: Mutex<BTreeMap<Partition, Instant>>,
    changed: Notify,
    /// What the reader reads.
    read: watch::Sender<BTreeSet<Partition>>,
    /// The cluster may have changed: leases are to be looked at now.
    look: Notify,
    /// Nodes that peer messages to were lost, and that are still to be told so.
    pub(super) lossy_peers: Mutex<LossyPeers>,
    /// Who is probably told of a group's events.
    pub(super) route_hints: RouteHints,
    /// Batches stored: progress that renews leases without asking the store.
    pub(crate) progress: AtomicU64,
}

/// What is to be done about a partition.
enum Tending {
    /// Its lease is to be renewed, or taken.
    Renew(LeaseToken),
    /// It should be another node's.
    HandOver(LeaseToken),
    LetBe,
}

// === impl Owned ===

impl Owned {
    /// The partitions to be read.
    pub(crate) fn to_read(&self) -> BTreeMap<Partition, LeaseToken> {
        let mut tokens = self.tokens.lock().clone();
        let leaving = self.leaving.lock();
        tokens.retain(|partition, _| !leaving.contains(partition));
        tokens
    }

    pub(crate) fn token(&self, partition: Partition) -> Option<LeaseToken> {
        self.tokens.lock().get(&partition).cloned()
    }

    pub(crate) fn holds(&self, partition: Partition) -> bool {
        self.tokens.lock().contains_key(&partition)
    }

    /// How many partitions are held.
    pub(crate) fn count(&self) -> usize {
        self.tokens.lock().len()
    }

    /// Waits until there is another partition to be read, or one less.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The reader says what it reads from now on.
    pub(crate) fn reads(&self, partitions: impl Iterator<Item = Partition>) {
        let partitions = partitions.collect();
        self.read.send_if_modified(|read| std::mem::replace(read, partitions) != *read);
    }

    /// Has leases looked at without waiting for the next tick.
    pub(crate) fn look_now(&self) {
        self.look.notify_one();
    }

    fn take_up(&self, partition: Partition, token: LeaseToken) {
        self.leaving.lock().remove(&partition);
        self.tokens.lock().insert(partition, token);
    }

    /// Has a partition go to a node that knows what it holds.
    pub(super) fn pass_on(&self, partition: Partition) {
        self.passing.lock().insert(partition, Instant::now());
    }

    /// Whether a partition is being passed on.
    pub(super) fn is_passing(&self, partition: Partition) -> bool {
        self.passing.lock().get(&partition).is_some_and(|since| since.elapsed() < PASS_FOR)
    }

    /// The partitions that are being passed on.
    pub(crate) fn passes(&self) -> BTreeSet<Partition> {
        let mut passing = self.passing.lock();
        passing.retain(|_, since| since.elapsed() < PASS_FOR);
        passing.keys().copied().collect()
    }

    fn keeps(&self, partition: Partition) -> bool {
        if self.is_passing(partition) {
            return false;
        }
        self.out_of_turn.lock().get(&partition).is_some_and(|since| since.elapsed() < KEEP_FOR)
    }

    /// Drops a partition, when it is still held with this token.
    pub(crate) fn lose(&self, partition: Partition, token: &LeaseToken) {
        let mut tokens = self.tokens.lock();
        if tokens.get(&partition) == Some(token) {
            tokens.remove(&partition);
            self.leaving.lock().remove(&partition);
            self.changed.notify_one();
        }
    }

    /// Has the reader finish with partitions, and waits for it.
    async fn let_go(&self, partitions: BTreeSet<Partition>) {
        self.leaving.lock().extend(&partitions);
        let mut read = self.read.subscribe();
        let let_go = read.wait_for(|read| read.is_disjoint(&partitions));
        if tokio::time::timeout(LAST_READ, let_go).await.is_err() {
            tracing::info!("partitions are handed over while the last of them is still seen to");
        }
    }
}

/// The node that should own a partition: the highest score of those that live and stay and do not pass it on. Where all
/// of them pass it on, it is one of these, so that it has an owner.
pub(crate) fn first_choice(nodes: &[NodeRecord], partition: Partition) -> Option<&NodeName> {
    let best = |passing: bool| {
        let able = nodes.iter().filter(|node| !node.draining && (passing || !node.passes.contains(&partition)));
        able.map(|node| &node.node).max_by_key(|name| score(name.base(), partition))
    };
    best(false).or_else(|| best(true))
}

fn score(base: &str, partition: Partition) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(partition.to_be_bytes());
    hash.update(base.as_bytes());
    let mut score = [0; 8];
    score.copy_from_slice(&hash.finalize()[..8]);
    score
}

impl Hub {
    /// Holds what is ours and takes what nobody holds, for as long as the node runs.
    pub(crate) async fn run_leases(self: Arc<Self>, owned: Arc<Owned>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut free_since: HashMap<Partition, Instant> = HashMap::new();
        let mut seen_progress = 0;
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = owned.look.notified() => {}
            }
            let progress = owned.progress.load(Ordering::Relaxed);
            let able = std::mem::replace(&mut seen_progress, progress) != progress || self.store.ping().await.is_ok();
            if !able {
                // A node with a broken link to the store must not keep its partitions.
                tracing::warn!("the store does not answer; leases are not renewed");
                continue;
            }
            let leaving = self.tend_all(&owned, &mut free_since).await;
            self.hand_over(&owned, leaving).await;
        }
    }

    /// Renews and takes what is due; answers what is to be handed over. A partition whose part of the
    /// backplane does not answer is let be, and no other waits for it longer than for that answer.
    async fn tend_all(
        &self,
        owned: &Owned,
        free_since: &mut HashMap<Partition, Instant>,
    ) -> BTreeMap<Partition, LeaseToken> {
        let ask = |partition| async move { (partition, self.backplane.partition_owner(partition).await) };
        let (mut leaving, mut due) = (BTreeMap::new(), Vec::new());
        for (partition, owner) in join_all((0..self.config.partitions).map(ask)).await {
            match owner {
                Ok(owner) => match self.tend(owned, partition, owner, free_since) {
                    Tending::Renew(token) => due.push(self.renew(owned, partition, token)),
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
            owned.changed.notify_one();
        }
        leaving
    }

    /// What is to be done about a partition that has this owner.
    fn tend(
        &self,
        owned: &Owned,
        partition: Partition,
        owner: Option<NodeName>,
        free_since: &mut HashMap<Partition, Instant>,
    ) -> Tending {
        let view = self.node.view();
        let me = self.node.name();
        let token = owned.token(partition);
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
            Some(token) if mine || (owned.keeps(partition) && !draining) => Tending::Renew(token),
            Some(token) => Tending::HandOver(token),
            None if owner.is_none() && (mine || free) => {
                let token = LeaseToken::random();
                if !mine {
                    owned.out_of_turn.lock().insert(partition, Instant::now());
                }
                Tending::Renew(token)
            }
            None => Tending::LetBe,
        }
    }

    /// True when the partition was taken: also when it was lost, to a commit that found no lease, while the
    /// lease was being renewed.
    async fn renew(&self, owned: &Owned, partition: Partition, token: LeaseToken) -> bool {
        match self.backplane.hold_partition(partition, &self.node.name(), &token, self.config.node_lease).await {
            Ok(true) if !owned.holds(partition) => {
                tracing::info!(partition, "took up a partition");
                owned.take_up(partition, token);
                return true;
            }
            Ok(true) => {}
            Ok(false) => owned.lose(partition, &token),
            Err(error) => {
                tracing::warn!(%error, partition, "a lease was not renewed");
            }
        }
        false
    }

    /// These partitions have another first choice now. It is told, so that they are without an owner
    /// for no longer than a peer message takes.
    async fn hand_over(&self, owned: &Owned, leaving: BTreeMap<Partition, LeaseToken>) {
        if leaving.is_empty() {
            return;
        }
        owned.let_go(leaving.keys().copied().collect()).await;
        self.release(owned, &leaving).await;
        let view = self.node.view();
        let next: BTreeSet<_> = leaving.keys().filter_map(|partition| first_choice(&view.nodes, *partition)).collect();
        let posts: Vec<_> =
            next.into_iter().map(|node| (node.clone(), PeerMessage::encode(&[PeerEvent::Freed]))).collect();
        if let Err(error) = self.backplane.post(&posts).await {
            tracing::debug!(%error, "the next owners will see for themselves");
        }
    }

    /// Gives back whatever is still held, when nothing of it is seen to any more.
    pub(crate) async fn release_all(&self) {
        let held = self.owned.tokens.lock().clone();
        self.release(&self.owned, &held).await;
    }

    async fn release(&self, owned: &Owned, leaving: &BTreeMap<Partition, LeaseToken>) {
        join_all(leaving.iter().map(|(partition, token)| async move {
            owned.lose(*partition, token);
            match self.backplane.release_partition(*partition, token).await {
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

    fn node(name: &str, draining: bool) -> NodeRecord {
        NodeRecord { draining, ..record(name) }
    }

    #[test]
    fn partitions_spread_and_only_those_of_a_leaver_move() {
        let three = [node("a.1", false), node("b.1", false), node("c.1", false)];
        let leaving = [node("a.1", false), node("b.1", true), node("c.1", false)];
        let mut counts = HashMap::new();
        for partition in 0..64 {
            let before = first_choice(&three, partition).unwrap();
            *counts.entry(before.to_string()).or_insert(0) += 1;
            let after = first_choice(&leaving, partition).unwrap();
            assert!(before.base() == "b" || before == after);
            assert_ne!(after.base(), "b");
        }
        assert!(counts.values().all(|count| *count >= 10), "{counts:?}");
        assert!(first_choice(&[], 0).is_none());
    }
    #[test]
    fn a_partition_that_its_first_choice_passes_on_goes_to_the_next_and_no_other_moves() {
        let mut nodes = [node("a.1", false), node("b.1", false), node("c.1", true)];
        let before: Vec<_> = (0..64).map(|partition| first_choice(&nodes, partition).unwrap().clone()).collect();
        let passed = before.iter().position(|first| first.base() == "a").unwrap() as Partition;
        nodes[0].passes.insert(passed);
        for (partition, first) in (0..).zip(&before) {
            let now = first_choice(&nodes, partition).unwrap();
            assert_eq!(now.base(), if partition == passed { "b" } else { first.base() });
        }
        // It is nobody's business who leaves.
        nodes[1].passes.insert(passed);
        assert_eq!(first_choice(&nodes, passed), Some(&before[usize::from(passed)]));
    }
}
