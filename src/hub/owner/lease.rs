//! Which partitions are ours: rendezvous hashing over the live nodes, held by leases.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Hub;
use crate::domain::NodeName;
use crate::ports::{LeaseToken, NodeRecord, Partition};

/// How often leases are renewed and free partitions looked for.
const TICK: Duration = Duration::from_secs(1);
/// A partition that has been free for this long is taken by anyone.
const FREE_FOR: Duration = Duration::from_secs(2);
/// A partition taken because its first choice did not take it is kept at least so long: the first
/// choice may be unable for a while.
const KEEP_FOR: Duration = Duration::from_secs(10);

/// The partitions in our hands, with the tokens that prove it.
#[derive(Default)]
pub(crate) struct Owned {
    tokens: Mutex<BTreeMap<Partition, LeaseToken>>,
    /// Partitions that another node should own, with the time of taking them.
    out_of_turn: Mutex<HashMap<Partition, Instant>>,
    changed: Notify,
    /// Nodes that letters to were lost, and that are still to be told so.
    pub(crate) uninformed: Mutex<BTreeSet<NodeName>>,
    /// Batches stored: progress that renews leases without asking the store.
    pub(crate) progress: AtomicU64,
}

// === impl Owned ===

impl Owned {
    pub(crate) fn tokens(&self) -> BTreeMap<Partition, LeaseToken> {
        self.tokens.lock().clone()
    }

    pub(crate) fn token(&self, partition: Partition) -> Option<LeaseToken> {
        self.tokens.lock().get(&partition).cloned()
    }

    pub(crate) fn holds(&self, partition: Partition) -> bool {
        self.tokens.lock().contains_key(&partition)
    }

    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn take_up(&self, partition: Partition, token: LeaseToken) {
        self.tokens.lock().insert(partition, token);
        self.changed.notify_one();
    }

    fn keeps(&self, partition: Partition) -> bool {
        self.out_of_turn.lock().get(&partition).is_some_and(|since| since.elapsed() < KEEP_FOR)
    }

    /// Drops a partition, when it is still held with this token.
    pub(crate) fn lose(&self, partition: Partition, token: &LeaseToken) {
        let mut tokens = self.tokens.lock();
        if tokens.get(&partition) == Some(token) {
            tokens.remove(&partition);
            self.changed.notify_one();
        }
    }
}

/// The node that should own a partition: the highest score of those that live and stay.
pub(crate) fn first_choice(nodes: &[NodeRecord], partition: Partition) -> Option<&NodeName> {
    let staying = nodes.iter().filter(|node| !node.draining);
    staying.map(|node| &node.node).max_by_key(|name| score(name.base(), partition))
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
            tick.tick().await;
            let progress = owned.progress.load(Ordering::Relaxed);
            let able = std::mem::replace(&mut seen_progress, progress) != progress || self.store.ping().await.is_ok();
            if !able {
                // A node with a broken link to the store must not keep its partitions.
                self.metrics.store_error();
                tracing::warn!("the store does not answer; leases are not renewed");
                continue;
            }
            let Ok(owners) = self.backplane.partition_owners(self.config.partitions).await else {
                self.metrics.backplane_error();
                continue;
            };
            for (partition, owner) in owners.into_iter().enumerate() {
                self.tend(&owned, partition as Partition, owner, &mut free_since).await;
            }
        }
    }

    async fn tend(
        &self,
        owned: &Owned,
        partition: Partition,
        owner: Option<NodeName>,
        free_since: &mut HashMap<Partition, Instant>,
    ) {
        let view = self.node.view();
        let me = self.node.name();
        let token = owned.token(partition);
        // While everybody drains, what is held is kept to the end.
        let mine = first_choice(&view.nodes, partition).map_or(token.is_some(), |first| *first == me);
        if owner.is_some() {
            free_since.remove(&partition);
        }
        let free = owner.is_none() && {
            let since = *free_since.entry(partition).or_insert_with(Instant::now);
            since.elapsed() >= FREE_FOR && !self.node.is_draining()
        };
        match token {
            Some(token) if mine => self.renew(owned, partition, &me, token).await,
            Some(token) if owned.keeps(partition) => self.renew(owned, partition, &me, token).await,
            Some(token) => self.hand_over(owned, partition, &token).await,
            None if owner.is_none() && (mine || free) => {
                let token = LeaseToken(format!("{:032x}", rand::random::<u128>()));
                if !mine {
                    owned.out_of_turn.lock().insert(partition, Instant::now());
                }
                self.renew(owned, partition, &me, token).await;
            }
            None => {}
        }
    }

    async fn renew(&self, owned: &Owned, partition: Partition, me: &NodeName, token: LeaseToken) {
        match self.backplane.hold_partition(partition, me, &token, self.config.node_lease).await {
            Ok(true) if !owned.holds(partition) => {
                tracing::info!(partition, "took up a partition");
                owned.take_up(partition, token);
            }
            Ok(true) => {}
            Ok(false) => owned.lose(partition, &token),
            Err(error) => {
                self.metrics.backplane_error();
                tracing::warn!(%error, partition, "a lease was not renewed");
            }
        }
    }

    /// The partition has another first choice now.
    async fn hand_over(&self, owned: &Owned, partition: Partition, token: &LeaseToken) {
        owned.lose(partition, token);
        if self.backplane.release_partition(partition, token).await.is_ok() {
            tracing::info!(partition, "handed a partition over");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::NodeVitals;

    fn node(name: &str, draining: bool) -> NodeRecord {
        NodeRecord {
            node: NodeName::parse(name).unwrap(),
            public_url: None,
            zone: None,
            connections: 0,
            capacity: 1,
            draining,
            version: String::new(),
            since: 0,
            vitals: NodeVitals::default(),
        }
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
}
