//! Which partitions are ours, with the tokens that prove it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::ports::{LeaseToken, Partition};

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
    /// Batches stored: progress that renews leases without asking the store.
    pub(crate) progress: AtomicU64,
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

    /// All that are held.
    pub(crate) fn all(&self) -> BTreeMap<Partition, LeaseToken> {
        self.tokens.lock().clone()
    }

    /// Waits until there is another partition to be read, or one less.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// There is another partition to be read.
    pub(crate) fn has_changed(&self) {
        self.changed.notify_one();
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

    /// Waits until leases are to be looked at.
    pub(crate) async fn asked_to_look(&self) {
        self.look.notified().await;
    }

    pub(crate) fn take_up(&self, partition: Partition, token: LeaseToken) {
        self.leaving.lock().remove(&partition);
        self.tokens.lock().insert(partition, token);
    }

    /// Notes that a partition was taken which should be another node's.
    pub(crate) fn took_out_of_turn(&self, partition: Partition) {
        self.out_of_turn.lock().insert(partition, Instant::now());
    }

    /// Has a partition go to a node that knows what it holds.
    pub(crate) fn pass_on(&self, partition: Partition) {
        self.passing.lock().insert(partition, Instant::now());
    }

    /// Whether a partition is being passed on.
    pub(crate) fn is_passing(&self, partition: Partition) -> bool {
        self.passing.lock().get(&partition).is_some_and(|since| since.elapsed() < PASS_FOR)
    }

    /// The partitions that are being passed on.
    pub(crate) fn passes(&self) -> BTreeSet<Partition> {
        let mut passing = self.passing.lock();
        passing.retain(|_, since| since.elapsed() < PASS_FOR);
        passing.keys().copied().collect()
    }

    pub(crate) fn keeps(&self, partition: Partition) -> bool {
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
    pub(crate) async fn let_go(&self, partitions: BTreeSet<Partition>) {
        self.leaving.lock().extend(&partitions);
        let mut read = self.read.subscribe();
        let let_go = read.wait_for(|read| read.is_disjoint(&partitions));
        if tokio::time::timeout(LAST_READ, let_go).await.is_err() {
            tracing::info!("partitions are handed over while the last of them is still seen to");
        }
    }
}
