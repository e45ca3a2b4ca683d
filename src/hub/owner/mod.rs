//! The partitions that this node owns: read, put in order, store, commit, route.
//!
//! - `lease`: which partitions are ours.
//! - `order`: each group's entries in the order of their seqs. Pure. `holes`: what is missing between them.
//! - `effects`: what entries do to others: checked before, applied after they are stored.
//! - `settle`: one bulk insert, and what became of each entry.
//! - `route`: commit, and peer messages to the nodes with members; `peer messages`: what these are told;
//!   `route_hints`: who they were the last time.
//!
//! Two stages run side by side: while a batch is committed and routed, the next is stored.

mod effects;
mod holes;
mod lease;
#[cfg(test)]
mod model;
mod notify;
mod order;
mod route;
mod route_hints;
mod settle;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Hub;
use super::codec::Body;
use super::metrics::Stage;
use crate::domain::now_ms;
use crate::kernel::Backoff;
use crate::ports::{BackplaneError, EntryId, LeaseToken, LogEntry, LogRead, Partition};
use effects::portions;
use order::Order;
use route::Batch;

pub(crate) use effects::EFFECTS_BEHIND;
pub(crate) use lease::{Owned, first_choice};

/// A blocking read of the logs ends after this long: a partition that leaves is read no more then.
const READ_WAIT: Duration = Duration::from_millis(500);
/// How often the logs' lengths are looked at, and with them entries that lie with a consumer that
/// no longer reads.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often holes are looked for while there is other work: a partition that is never idle must not
/// leave them open.
const MEND_EVERY: Duration = Duration::from_millis(500);

/// Between two tries of what a partition's other entries wait for.
const RETRY: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));

/// A partition in our hands.
struct Held {
    token: LeaseToken,
    order: Order,
    /// Entries that were read and are not yet acked.
    entries: Arc<Mutex<HashSet<EntryId>>>,
    /// Everything pending is to be taken over.
    to_drain: bool,
    /// Taking over what is pending, under way.
    claim: Option<JoinHandle<Result<LogRead, BackplaneError>>>,
    /// The last call about it was not answered: until one is, nobody waits for its answers.
    silent: bool,
}

/// The loop's state.
struct Owner {
    hub: Arc<Hub>,
    owned: Arc<Owned>,
    held: BTreeMap<Partition, Held>,
    /// The routing stage of each partition.
    routes: Vec<mpsc::Sender<Batch>>,
    /// When holes were last looked for.
    mended: tokio::time::Instant,
}

impl Hub {
    /// Owns partitions for as long as the node runs.
    pub(crate) async fn run_owner(self: Arc<Self>) {
        let owned = self.owned.clone();
        self.spawn(self.clone().run_leases(owned.clone()));
        let routes = (0..self.config.partitions).map(|partition| self.open_routes(&owned, partition)).collect();
        let mended = tokio::time::Instant::now();
        Owner { hub: self, owned, held: BTreeMap::new(), routes, mended }.run().await;
    }

    async fn claim(self: Arc<Self>, partition: Partition) -> Result<LogRead, BackplaneError> {
        self.backplane.claim(&self.node.name(), partition).await
    }
}

// === impl Held ===

impl Held {
    /// The backplane was silent about the partition, and may have come back without its tail: with heads below what
    /// was stored here, of which the nodes' peer messages may be lost as well.
    fn compare_heads(&self, hub: &Arc<Hub>, partition: Partition) {
        hub.raise_heads(partition, self.order.passed());
    }
}

// === impl Owner ===

impl Owner {
    async fn run(mut self) {
        let mut looked = tokio::time::Instant::now();
        loop {
            self.follow_leases();
            if self.held.is_empty() {
                self.owned.changed().await;
                continue;
            }
            self.drain().await;
            let broken = !self.read().await;
            if looked.elapsed() >= LOOK_EVERY {
                looked = tokio::time::Instant::now();
                self.look().await;
            }
            if broken {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            self.process().await;
        }
    }

    /// Takes up partitions that are newly ours, and drops those that are ours no more.
    fn follow_leases(&mut self) {
        let tokens = self.owned.to_read();
        let hub = &self.hub;
        self.held.retain(|partition, held| {
            let kept = tokens.get(partition) == Some(&held.token);
            if !kept {
                hub.metrics.forget_log(*partition);
                if held.silent {
                    held.compare_heads(hub, *partition);
                }
            }
            kept
        });
        for (partition, token) in tokens {
            self.held.entry(partition).or_insert_with(|| Held {
                token,
                order: Order::default(),
                entries: Arc::default(),
                to_drain: true,
                claim: None,
                silent: false,
            });
        }
        self.hub.metrics.owned_partitions.set(self.held.len() as i64);
        self.owned.reads(self.held.keys().copied());
    }

    /// Takes over everything pending where that is due. Where the backplane is silent it stays due, and is not
    /// waited for.
    async fn drain(&mut self) {
        let claims = self.held.iter_mut().filter(|(_, held)| held.to_drain).map(|(partition, held)| {
            let begin = || tokio::spawn(self.hub.clone().claim(*partition));
            let (silent, claim) = (held.silent, held.claim.get_or_insert_with(begin));
            async move {
                let claimed = if silent { claim.now_or_never() } else { Some(claim.await) };
                claimed.map(|claimed| (*partition, claimed))
            }
        });
        let claimed: Vec<_> = join_all(claims).await.into_iter().flatten().collect();
        for (partition, claimed) in claimed {
            if let Some(held) = self.held.get_mut(&partition) {
                held.claim = None;
            }
            match claimed {
                Ok(Ok(read)) => {
                    self.take(read, true);
                    if let Some(held) = self.held.get_mut(&partition) {
                        held.to_drain = false;
                        if std::mem::replace(&mut held.silent, false) {
                            held.compare_heads(&self.hub, partition);
                        }
                    }
                }
                Ok(Err(error)) => self.failed(partition, &error),
                Err(ended) => tracing::debug!(%ended, partition, "a claim did not come to its end"),
            }
        }
    }

    async fn read(&mut self) -> bool {
        let partitions: Vec<_> = self.held.keys().copied().collect();
        let name = self.hub.node.name();
        let read = tokio::select! {
            biased;
            read = self.hub.backplane.read_log(&name, &partitions, READ_WAIT) => read,
            () = self.owned.changed() => {
                // Partitions without an owner must not wait for the others' silence. What the read
                // that is given up may have brought is pending.
                self.held.values_mut().for_each(|held| held.to_drain = true);
                return true;
            }
        };
        let reads = read.unwrap_or_else(|error| LogRead::all_failed(&partitions, &error));
        let mut whole = true;
        for mut read in reads {
            if let Some(error) = read.error.take() {
                self.failed(read.partition, &error);
                whole = false;
            }
            self.take(read, false);
        }
        whole
    }

    /// A call about a partition was not answered. What a lost reply carried is pending now, not new.
    fn failed(&mut self, partition: Partition, error: &BackplaneError) {
        tracing::warn!(%error, partition, "a log cannot be read");
        if let Some(held) = self.held.get_mut(&partition) {
            (held.to_drain, held.silent) = (true, true);
        }
    }

    fn take(&mut self, read: LogRead, claimed: bool) {
        let Some(held) = self.held.get_mut(&read.partition) else { return };
        let now = now_ms();
        let (entries, later): (Vec<_>, Vec<_>) =
            read.entries.into_iter().partition(|entry| entry.kind.has_known_effect(entry.traits));
        let mut passed_on = false;
        for entry in later {
            if held.entries.lock().insert(entry.id) {
                passed_on = true;
                let (group, seq, kind) = (&entry.group, entry.seq, entry.kind);
                tracing::warn!(partition = read.partition, %group, seq, %kind, "an event does what only later versions know; its partition is passed on");
            }
        }
        if passed_on {
            self.owned.pass_on(read.partition);
            self.hub.node.beat_now();
        }
        let (known, unknown): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| Body::is_known(&entry.body));
        let unknown =
            unknown.into_iter().map(|entry| (entry.id, BackplaneError::Unexpected("a body of a later version".into())));
        for (id, error) in read.unreadable.into_iter().chain(unknown) {
            // Not acked, so that a later owner may know what to do with it; known, so that it is not claimed
            // again and again.
            if held.entries.lock().insert(id) {
                self.hub.metrics.unreadable.inc();
                tracing::error!(partition = read.partition, ?id, %error, "a log entry cannot be read and waits");
            }
        }
        for entry in known {
            if held.entries.lock().insert(entry.id) {
                if claimed {
                    self.hub.metrics.claims.inc();
                }
                self.hub.metrics.took(Stage::LogWait, (now - entry.time) as f64 / 1e3);
                held.order.offer(entry);
            }
        }
    }

    /// Stores what is in turn and hands it to the routing stage; then sees to holes.
    async fn process(&mut self) {
        loop {
            let mut ready = Vec::new();
            for (partition, held) in &mut self.held {
                ready.extend(held.order.take_ready().into_iter().map(|entry| (*partition, entry)));
            }
            if !ready.is_empty() {
                self.store(ready).await;
                if self.mended.elapsed() < MEND_EVERY {
                    return;
                }
            }
            self.mended = tokio::time::Instant::now();
            if !self.mend_holes().await {
                return;
            }
        }
    }

    async fn store(&mut self, ready: Vec<(Partition, LogEntry)>) {
        for portion in portions(ready, EFFECTS_BEHIND) {
            self.store_portion(portion).await;
        }
    }

    async fn store_portion(&mut self, ready: Vec<(Partition, LogEntry)>) {
        let settled = self.hub.settle_entries(&self.owned, ready).await;
        let mut batches: BTreeMap<Partition, Batch> = BTreeMap::new();
        for one in settled {
            let Some(held) = self.held.get(&one.partition) else { continue };
            batches
                .entry(one.partition)
                .or_insert_with(|| Batch::new(one.partition, held.token.clone(), held.entries.clone()))
                .add(one);
        }
        for batch in batches.into_values() {
            self.hand_on(batch).await;
        }
    }

    async fn hand_on(&self, batch: Batch) {
        if self.routes[usize::from(batch.partition)].send(batch).await.is_err() {
            tracing::debug!("the routing stage has ended");
        }
    }

    /// Entries that were handed to a consumer which no longer reads lie pending: more are pending
    /// than are held here.
    async fn look(&mut self) {
        let backplane = &self.hub.backplane;
        let looks = self
            .held
            .iter_mut()
            .filter(|(_, held)| !held.silent)
            .map(|(partition, held)| async move { (partition, held, backplane.log_stats(*partition).await) });
        for (partition, held, stats) in join_all(looks).await {
            match stats {
                Ok(stats) => {
                    self.hub.metrics.log(*partition, stats);
                    held.to_drain |= stats.pending > held.entries.lock().len() as u64;
                }
                Err(_) => (held.to_drain, held.silent) = (true, true),
            }
        }
    }
}
