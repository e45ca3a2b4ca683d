//! What a message's way through counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use crate::domain::{KINDS, Kind};
use crate::hub::metrics::CommonMetrics;
use crate::kernel::Maker;
use crate::ports::{LogStats, Partition};

/// The pipeline's metrics.
#[derive(Debug, Clone)]
pub(crate) struct PipelineMetrics {
    pub(crate) accepted: IntCounter,
    pub(crate) acked: IntCounter,
    pub(crate) pending_sends: IntGauge,
    pub(crate) remembered_cids: IntGauge,
    pub(crate) owned_partitions: IntGauge,
    pub(crate) logs: LogMetrics,
    pub(crate) claims: IntCounter,
    pub(crate) unreadable: IntCounter,
    pub(crate) voids: IntCounter,
    stored: IntCounterVec,
    pub(crate) resequenced: IntCounter,
    pub(crate) refused_changes: IntCounter,
    pub(crate) restores: IntCounter,
    pub(crate) common: CommonMetrics,
}

/// The logs of the partitions owned here.
#[derive(Debug, Clone)]
pub(crate) struct LogMetrics {
    length: IntGaugeVec,
    pending: IntGaugeVec,
    lag: IntGaugeVec,
    /// The same three.
    stats: Arc<Mutex<BTreeMap<Partition, LogStats>>>,
}

// === impl PipelineMetrics ===

impl PipelineMetrics {
    pub(crate) fn register(make: &Maker, common: CommonMetrics) -> prometheus::Result<Self> {
        Ok(Self {
            accepted: make.counter("messages_accepted_total", "Sends taken in by this node.")?,
            acked: make.counter("messages_acked_total", "Sends answered as stored by this node.")?,
            pending_sends: make.gauge("pending_sends", "Sends that wait for their ack.")?,
            remembered_cids: make
                .gauge("remembered_cids", "Sends of this node's life whose repeats the backplane knows.")?,
            owned_partitions: make.gauge("owned_partitions", "Partitions owned by this node.")?,
            logs: LogMetrics::register(make)?,
            claims: make.counter("claimed_entries_total", "Log entries taken over from another consumer.")?,
            unreadable: make
                .counter("unreadable_entries_total", "Log entries of a form that this version cannot read.")?,
            voids: make.counter("voids_total", "Seqs that turned out to be nobody's.")?,
            stored: stored_by_kind(make)?,
            resequenced: make.counter("resequenced_total", "Entries that got a new seq after a collision.")?,
            refused_changes: make
                .counter("refused_changes_total", "Membership changes that the store refused for good.")?,
            restores: make.counter("restores_total", "Group states restored from the store.")?,
            common,
        })
    }

    /// An event was stored.
    pub(crate) fn count_stored(&self, kind: Kind) {
        let name = kind.row().map_or(LATER, |row| row.name);
        self.stored.with_label_values(&[name]).inc();
    }
}

/// What kinds are counted as that this version does not know.
const LATER: &str = "later";

/// Each kind has its counter from the start; clients' own share one.
fn stored_by_kind(make: &Maker) -> prometheus::Result<IntCounterVec> {
    let stored = make.counters("stored_events_total", "Events stored by this node as an owner, by kind.", &["kind"])?;
    KINDS.iter().map(|row| row.name).chain([LATER]).for_each(|kind| drop(stored.with_label_values(&[kind])));
    Ok(stored)
}

// === impl LogMetrics ===

impl LogMetrics {
    fn register(make: &Maker) -> prometheus::Result<Self> {
        Ok(Self {
            length: make.gauges("log_length", "Entries in a partition's log.", &["partition"])?,
            pending: make.gauges("log_pending", "Entries of group fanout delivered and not acked.", &["partition"])?,
            lag: make.gauges("log_lag", "Entries of group fanout not yet delivered.", &["partition"])?,
            stats: Arc::default(),
        })
    }

    /// Notes how far the readers of a partition's log are.
    pub(crate) fn set(&self, partition: Partition, stats: LogStats) {
        let label = partition.to_string();
        self.length.with_label_values(&[&label]).set(stats.length as i64);
        self.pending.with_label_values(&[&label]).set(stats.pending as i64);
        self.lag.with_label_values(&[&label]).set(stats.lag as i64);
        self.stats.lock().insert(partition, stats);
    }

    /// A partition that is no longer owned here is no longer reported from here.
    pub(crate) fn forget(&self, partition: Partition) {
        self.stats.lock().remove(&partition);
        let label = partition.to_string();
        for gauge in [&self.length, &self.pending, &self.lag] {
            // Absent is what is wanted, so an absent one is no error.
            let _ = gauge.remove_label_values(&[&label]);
        }
    }

    /// What waits in all logs owned here: entries not yet read, and entries read and not yet acked.
    pub(crate) fn backlog(&self) -> (u64, u64) {
        let stats = self.stats.lock();
        (stats.values().map(|stats| stats.lag).sum(), stats.values().map(|stats| stats.pending).sum())
    }
}
