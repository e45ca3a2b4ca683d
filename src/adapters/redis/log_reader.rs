//! Reading the partition logs: one blocking read over all partitions where Redis is one, one for
//! each partition in a Cluster.

use std::sync::Arc;
use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::{ClientLike, StreamsInterface};
use fred::types::Value;
use futures::future::{join_all, select_all, try_join_all};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::{Connector, quit};
use super::entry::add_log_entries;
use super::keys::{FANOUT, Keys};
use super::pending_read::{Landed, PendingRead, block_ms, read_options};
use super::reply::{Reply, to_error};
use crate::domain::NodeName;
use crate::ports::{BackplaneError, LogRead, Partition};

/// Entries of each partition that one read brings at most.
const READ_MAX: u64 = 512;

/// The connections on which logs are read.
pub(super) struct LogReader {
    connector: Arc<Connector>,
    /// For what does not wait.
    client: Client,
    keys: Keys,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    readers: Vec<PartitionReader>,
    /// Read, or failed to be, but not yet told to a caller.
    reads: Vec<LogRead>,
}

/// One connection and the partitions that are read on it.
struct PartitionReader {
    client: Client,
    partitions: Vec<Partition>,
    pending: Option<PendingRead>,
}

// === impl LogReader ===

impl LogReader {
    pub(super) fn new(connector: Arc<Connector>, client: Client, keys: Keys) -> Self {
        Self { connector, client, keys, state: Mutex::default() }
    }

    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        join_all(state.readers.drain(..).map(PartitionReader::retire)).await;
    }

    /// See [`Log::read_log`](crate::ports::Log::read_log).
    pub(super) async fn read(
        &self,
        consumer: &NodeName,
        partitions: &[Partition],
        wait: Duration,
    ) -> Result<Vec<LogRead>, BackplaneError> {
        let deadline = Instant::now() + wait;
        let mut state = self.state.lock().await;
        self.arrange(&mut state, partitions).await?;
        loop {
            let reads = state.take(partitions)?;
            if !reads.is_empty() {
                return Ok(reads);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if partitions.is_empty() {
                tokio::time::sleep(left).await;
                return Ok(Vec::new());
            }
            for reader in &mut state.readers {
                self.start_read(reader, consumer, left);
            }
            self.collect(&mut state).await;
            if state.reads.is_empty() && Instant::now() >= deadline {
                return Ok(Vec::new());
            }
        }
    }

    /// Ends the readers that are no longer asked for, and makes those that are missing.
    async fn arrange(&self, state: &mut State, partitions: &[Partition]) -> Result<(), BackplaneError> {
        let wanted: Vec<Vec<Partition>> = match self.connector.clustered() {
            true => partitions.iter().map(|partition| vec![*partition]).collect(),
            false if partitions.is_empty() => Vec::new(),
            false => vec![partitions.to_vec()],
        };
        let (kept, retired) =
            state.readers.drain(..).partition(|reader: &PartitionReader| wanted.contains(&reader.partitions));
        state.readers = kept;
        for reader in retired {
            let read = reader.partitions.clone();
            if !read.iter().any(|partition| partitions.contains(partition)) {
                // What it brings is not asked for and stays pending; its server may be silent.
                tokio::spawn(reader.retire());
            } else if let Some(landed) = reader.retire().await {
                self.keep(state, &read, landed).await;
            }
        }
        for partitions in wanted {
            if !state.readers.iter().any(|reader| reader.partitions == partitions) {
                let client = self.connector.connect_soon()?;
                state.readers.push(PartitionReader { client, partitions, pending: None });
            }
        }
        Ok(())
    }

    /// Begins a read where none is under way.
    fn start_read(&self, reader: &mut PartitionReader, consumer: &NodeName, wait: Duration) {
        if reader.pending.is_some() {
            return;
        }
        let keys: Vec<String> = reader.partitions.iter().map(|partition| self.keys.log(*partition)).collect();
        let ids = vec![">"; keys.len()];
        let consumer = consumer.as_str().to_owned();
        let client = reader.client.with_options(&read_options(wait, self.connector.command_timeout));
        let block = block_ms(wait);
        reader.pending = Some(PendingRead::start(&reader.client, async move {
            client.xreadgroup(FANOUT, consumer, Some(READ_MAX), Some(block), false, keys, ids).await
        }));
    }

    /// Waits for the first read to end, and keeps what all that have ended brought.
    async fn collect(&self, state: &mut State) {
        let pending = state.readers.iter_mut().filter_map(|reader| {
            let pending = reader.pending.as_mut()?;
            Some(Box::pin(async { (&reader.partitions, pending.landed().await) }))
        });
        let pending: Vec<_> = pending.collect();
        if pending.is_empty() {
            return;
        }
        let ((partitions, landed), _, _) = select_all(pending).await;
        let partitions = partitions.clone();
        for reader in &mut state.readers {
            if reader.partitions == partitions {
                reader.pending = None;
            }
        }
        self.keep(state, &partitions, landed).await;
        for at in 0..state.readers.len() {
            let reader = &mut state.readers[at];
            let Some(mut pending) = reader.pending.take_if(|pending| pending.is_finished()) else { continue };
            let (partitions, landed) = (reader.partitions.clone(), pending.landed().await);
            self.keep(state, &partitions, landed).await;
        }
    }

    /// Keeps what a read brought for the next caller.
    async fn keep(&self, state: &mut State, partitions: &[Partition], landed: Landed) {
        let reads = match landed {
            Ok(value) => self.log_reads(partitions, value),
            Err(error) if lost_group(error.details()) => self.make_groups(partitions).await.map(|()| Vec::new()),
            Err(error) => Err(to_error(&error)),
        };
        match reads {
            Ok(reads) => state.reads.extend(reads),
            Err(error) => state.reads.extend(LogRead::all_failed(partitions, &error)),
        }
    }

    fn log_reads(&self, partitions: &[Partition], value: Value) -> Result<Vec<LogRead>, BackplaneError> {
        let Some(value) = value.present() else { return Ok(Vec::new()) };
        let mut reads = Vec::new();
        for stream in value.list()? {
            let [key, entries] = stream.tuple()?;
            let is_key = |partition: &&Partition| key.as_bytes() == Some(self.keys.log(**partition).as_bytes());
            let partition = *partitions
                .iter()
                .find(is_key)
                .ok_or_else(|| BackplaneError::Unexpected("entries of a log not asked for".into()))?;
            let mut read = LogRead { partition, ..LogRead::default() };
            add_log_entries(&mut read, entries)?;
            reads.push(read);
        }
        Ok(reads)
    }

    /// Makes the consumer groups anew, where Redis lost what it held.
    async fn make_groups(&self, partitions: &[Partition]) -> Result<(), BackplaneError> {
        try_join_all(partitions.iter().map(|partition| self.make_group(*partition))).await.map(|_| ())
    }

    async fn make_group(&self, partition: Partition) -> Result<(), BackplaneError> {
        let log = self.keys.log(partition);
        match self.client.xgroup_create::<(), _, _, _>(log, FANOUT, "0", true).await {
            Err(error) if error.details().starts_with("BUSYGROUP") => Ok(()),
            made => made.map_err(|error| to_error(&error)),
        }
    }
}

// === impl PartitionReader ===

impl PartitionReader {
    /// Ends the read under way and closes the connection; answers what was read.
    async fn retire(self) -> Option<Landed> {
        let landed = match self.pending {
            Some(pending) => Some(pending.land_now().await),
            None => None,
        };
        quit(&self.client).await;
        landed
    }
}

// === impl State ===

impl State {
    /// Takes what was read, of the partitions asked for; other entries stay pending. An error when none of
    /// the partitions can be read.
    fn take(&mut self, partitions: &[Partition]) -> Result<Vec<LogRead>, BackplaneError> {
        let mut reads = std::mem::take(&mut self.reads);
        reads.retain(|read| partitions.contains(&read.partition));
        let all_failed = reads.len() >= partitions.len() && reads.iter().all(|read| read.error.is_some());
        match reads.first().and_then(|read| read.error.clone()) {
            Some(error) if all_failed => Err(error),
            _ => Ok(reads),
        }
    }
}

/// Whether Redis says that a log, or its consumer group, is gone.
fn lost_group(details: &str) -> bool {
    details.starts_with("NOGROUP") || details.starts_with("UNBLOCKED")
}
