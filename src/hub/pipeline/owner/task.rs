//! The loop of an owner: read, store, hand on; and seqs that are missing before entries that wait, found or filled.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::apply::Aftermath;
use super::batch::Batch;
use super::check::portions;
use super::read::LogReader;
use super::route::Router;
use super::store::Inserter;
use crate::domain::{Event, GroupId, Seq};
use crate::hub::pipeline::applier::EFFECTS_BEHIND;
use crate::hub::tasks::Tasks;
use crate::ports::{LogEntry, Partition};

/// How often the logs' lengths are looked at, and with them entries that lie with a consumer that
/// no longer reads.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often holes are looked for while there is other work: a partition that is never idle must not
/// leave them open.
const MEND_EVERY: Duration = Duration::from_millis(500);
/// Batches of a partition stored ahead of its routing stage.
const AHEAD: usize = 4;

/// Owns partitions.
pub(crate) struct Owner {
    reader: LogReader,
    inserter: Inserter,
    aftermath: Aftermath,
    router: Arc<Router>,
    /// The routing stage of each partition, open once the loop runs.
    routes: Vec<mpsc::Sender<Batch>>,
    /// When holes were last looked for.
    mended: tokio::time::Instant,
    tasks: Tasks,
}

// === impl Owner ===

impl Owner {
    pub(crate) fn new(
        reader: LogReader,
        inserter: Inserter,
        aftermath: Aftermath,
        router: Arc<Router>,
        tasks: Tasks,
    ) -> Self {
        let mended = tokio::time::Instant::now();
        Self { reader, inserter, aftermath, router, routes: Vec::new(), mended, tasks }
    }

    /// Owns partitions for as long as the node runs.
    pub(crate) async fn run(mut self) {
        self.routes = self.router.partitions().map(|partition| self.open_routes(partition)).collect();
        let mut looked = tokio::time::Instant::now();
        loop {
            self.reader.follow_leases();
            if self.reader.is_empty() {
                self.reader.changed().await;
                continue;
            }
            self.reader.drain().await;
            let broken = !self.reader.read().await;
            if looked.elapsed() >= LOOK_EVERY {
                looked = tokio::time::Instant::now();
                self.reader.look().await;
            }
            if broken {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            self.process().await;
        }
    }

    /// Begins the routing stage of a partition. Each has one of its own, so that none waits for another's part
    /// of the backplane.
    fn open_routes(&self, partition: Partition) -> mpsc::Sender<Batch> {
        let (routes, batches) = mpsc::channel(AHEAD);
        self.tasks.spawn(self.router.clone().run(partition, batches));
        routes
    }

    /// Stores what is in turn and hands it to the routing stage; then sees to holes.
    async fn process(&mut self) {
        loop {
            let ready = self.reader.take_ready();
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
        let settled = self.inserter.settle(ready).await;
        let settled = self.aftermath.apply(settled).await;
        let mut batches: BTreeMap<Partition, Batch> = BTreeMap::new();
        for one in settled {
            let Some(held) = self.reader.get(one.partition) else { continue };
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

    /// Sees to seqs that are missing before entries that wait. True when something came in turn.
    async fn mend_holes(&mut self) -> bool {
        let mut mended = false;
        for (partition, hole) in self.reader.holes() {
            mended |= self.mend(partition, &hole.group, hole.next).await;
        }
        mended
    }

    /// A hole: the stored head may be further than we know; or another consumer holds the entry; or
    /// it is in the store; or the seq is nobody's, and becomes a void.
    async fn mend(&mut self, partition: Partition, group: &GroupId, next: Seq) -> bool {
        if !self.reader.may_mend(partition) {
            return false;
        }
        let stored = self.reader.stored_head(partition, group).await;
        if stored >= next {
            self.reader.pass(partition, group, stored);
            return true;
        }
        if !self.reader.drain_one(partition).await {
            return false;
        }
        let Some(hole) = self.reader.hole_of(partition, group) else { return true };
        let Some(events) = self.inserter.fill(group, hole.next, hole.upto).await else { return false };
        if self.aftermath.redo_effects(&events).await.is_err() {
            return false;
        }
        tracing::debug!(%group, from = hole.next, count = events.len(), "mended a hole in a group's sequence");
        self.reader.mended();
        if let Some(last) = events.last() {
            self.reader.pass(partition, group, last.seq);
        }
        self.route_found(partition, events).await;
        true
    }

    async fn route_found(&self, partition: Partition, events: Vec<Event>) {
        let Some(held) = self.reader.get(partition) else { return };
        let mut batch = Batch::new(partition, held.token.clone(), held.entries.clone());
        batch.add_found(events);
        self.hand_on(batch).await;
    }
}
