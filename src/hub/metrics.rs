//! What the hub counts. No user and no group in a label.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus::core::Metric;
use prometheus::{Gauge, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use crate::domain::{Code, Millis};
use crate::kernel::Maker;
use crate::ports::{LogStats, NodeRecord, NodeRole, NodeVitals, Partition};

/// Edges of stage latencies in seconds: fine where a stage should be, and 1 s and 10 s, which the
/// fitness functions speak of.
pub const LATENCY_EDGES: [f64; 16] =
    [0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A stage of a message's way, for the histogram `hubbub_stage_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// From a send's acceptance by the node to its place in the log.
    Append,
    /// From the log to the owner.
    LogWait,
    /// The store's insert, retries included.
    Store,
    /// Commit and routing.
    Route,
    /// From an inbox to the node's delivery.
    InboxWait,
    /// Fan-out to the local sockets.
    Flush,
    /// From a send's acceptance by the node to its ack on the way out.
    EndToEnd,
}

/// The hub's metrics, registered once.
#[derive(Debug, Clone)]
pub struct Metrics {
    pub(crate) sessions: IntGauge,
    pub(crate) max_sessions: IntGauge,
    pub(crate) users_online: IntGauge,
    pub(crate) local_groups: IntGauge,
    pub(crate) accepted: IntCounter,
    pub(crate) acked: IntCounter,
    pub(crate) delivered: IntCounter,
    rejected: IntCounterVec,
    stages: Vec<Histogram>,
    pub(crate) claims: IntCounter,
    pub(crate) repairs: IntCounter,
    pub(crate) repaired_events: IntCounter,
    pub(crate) replayed: IntCounter,
    pub(crate) voids: IntCounter,
    pub(crate) resequenced: IntCounter,
    pub(crate) refused_changes: IntCounter,
    pub(crate) unreadable: IntCounter,
    pub(crate) restores: IntCounter,
    pub(crate) reaps: IntCounter,
    pub(crate) reregistrations: IntCounter,
    pub(crate) owned_partitions: IntGauge,
    logs: LogMetrics,
    errors: IntCounterVec,
    live_nodes: IntGauge,
    /// Those of them that have each role, in the order of the roles.
    nodes_with_role: [IntGauge; NodeRole::ALL.len()],
    pub(crate) pending_sends: IntGauge,
    pub(crate) remembered_cids: IntGauge,
    pub(crate) draining: IntGauge,
    probe: ProbeMetrics,
}

/// The logs of the partitions owned here.
#[derive(Debug, Clone)]
struct LogMetrics {
    length: IntGaugeVec,
    pending: IntGaugeVec,
    lag: IntGaugeVec,
    /// The same three.
    stats: Arc<Mutex<BTreeMap<Partition, LogStats>>>,
}

/// The node's messages to itself.
#[derive(Debug, Clone)]
struct ProbeMetrics {
    seconds: Histogram,
    failures: IntCounter,
    last_success: Gauge,
}

// === impl Stage ===

impl Stage {
    /// Every stage in the order of a message's way.
    pub const ALL: [Stage; 7] =
        [Stage::Append, Stage::LogWait, Stage::Store, Stage::Route, Stage::InboxWait, Stage::Flush, Stage::EndToEnd];

    fn name(self) -> &'static str {
        match self {
            Stage::Append => "append",
            Stage::LogWait => "log_wait",
            Stage::Store => "store",
            Stage::Route => "route",
            Stage::InboxWait => "inbox_wait",
            Stage::Flush => "flush",
            Stage::EndToEnd => "end_to_end",
        }
    }
}

// === impl Metrics ===

impl Metrics {
    /// Makes and registers all of the hub's metrics. Fails only when they are registered twice.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let make = Maker::new(registry, "hubbub");
        let stages = make.histograms(
            "stage_seconds",
            "Time that a message spends in a stage of its way.",
            &LATENCY_EDGES,
            &["stage"],
        )?;
        let metrics = Self {
            sessions: make.gauge("sessions", "Sessions on this node that said hello.")?,
            max_sessions: make.gauge("max_sessions", "Sessions that this node takes at most.")?,
            users_online: make.gauge("users_online", "Users with at least one session on this node.")?,
            local_groups: make.gauge("local_groups", "Groups with at least one session on this node.")?,
            accepted: make.counter("messages_accepted_total", "Sends taken in by this node.")?,
            acked: make.counter("messages_acked_total", "Sends answered as stored by this node.")?,
            delivered: make.counter("messages_delivered_total", "Events handed to sessions of this node.")?,
            rejected: make.counters("rejected_total", "Requests that were refused, by code.", &["code"])?,
            stages: Stage::ALL.iter().map(|stage| stages.with_label_values(&[stage.name()])).collect(),
            claims: make.counter("claimed_entries_total", "Log entries taken over from another consumer.")?,
            repairs: make.counter("repairs_total", "Holes and lost heads that were fetched again.")?,
            repaired_events: make.counter("repaired_events_total", "Events fetched again to fill holes.")?,
            replayed: make.counter("replayed_events_total", "Events replayed to resuming sessions.")?,
            voids: make.counter("voids_total", "Seqs that turned out to be nobody's.")?,
            resequenced: make.counter("resequenced_total", "Entries that got a new seq after a collision.")?,
            refused_changes: make
                .counter("refused_changes_total", "Membership changes that the store refused for good.")?,
            unreadable: make
                .counter("unreadable_entries_total", "Log entries of a form that this version cannot read.")?,
            restores: make.counter("restores_total", "Group states restored from the store.")?,
            reaps: make.counter("reaps_total", "Dead nodes cleared away by this node.")?,
            reregistrations: make.counter("reregistrations_total", "Times this node found its lease gone.")?,
            owned_partitions: make.gauge("owned_partitions", "Partitions owned by this node.")?,
            logs: LogMetrics::register(&make)?,
            errors: make.counters(
                "part_errors_total",
                "Calls to the parts that the hub stands on that failed.",
                &["part"],
            )?,
            live_nodes: make.gauge("live_nodes", "Nodes whose leases live, as this node sees them.")?,
            nodes_with_role: nodes_with_role(&make)?,
            pending_sends: make.gauge("pending_sends", "Sends that wait for their ack.")?,
            remembered_cids: make
                .gauge("remembered_cids", "Sends of this node's life whose repeats the backplane knows.")?,
            draining: make.gauge("draining", "1 while this node hands its work over.")?,
            probe: ProbeMetrics::register(&make)?,
        };
        for code in Code::ALL {
            metrics.rejected.with_label_values(&[code.as_str()]);
        }
        for part in ["backplane", "store"] {
            metrics.errors.with_label_values(&[part]);
        }
        Ok(metrics)
    }

    /// Notes which nodes live.
    pub(crate) fn live(&self, nodes: &[NodeRecord]) {
        self.live_nodes.set(nodes.len() as i64);
        for (role, gauge) in NodeRole::ALL.into_iter().zip(&self.nodes_with_role) {
            gauge.set(nodes.iter().filter(|node| node.roles.has(role)).count() as i64);
        }
    }

    /// Notes what a stage took, in seconds.
    pub(crate) fn took(&self, stage: Stage, seconds: f64) {
        self.stages[stage as usize].observe(seconds.max(0.0));
    }

    /// Notes that the node's message to itself came back, after some seconds, now.
    pub(crate) fn probe_succeeded(&self, seconds: f64, now: Millis) {
        self.probe.seconds.observe(seconds);
        self.probe.last_success.set(now as f64 / 1e3);
    }

    /// Notes that the node's message to itself did not come back.
    pub(crate) fn probe_failed(&self) {
        self.probe.failures.inc();
    }

    pub(crate) fn rejected(&self, code: Code) {
        self.rejected.with_label_values(&[code.as_str()]).inc();
    }

    /// The counter of a part's errors.
    pub(crate) fn part_errors(&self, part: &str) -> IntCounter {
        self.errors.with_label_values(&[part])
    }

    /// Notes how far the readers of a partition's log are.
    pub(crate) fn log(&self, partition: Partition, stats: LogStats) {
        self.logs.set(partition, stats);
    }

    /// How this node has been doing.
    pub(crate) fn vitals(&self, now: Millis) -> NodeVitals {
        let gauge = |gauge: &IntGauge| gauge.get().max(0) as u64;
        let latency = &self.stages[Stage::EndToEnd as usize];
        let logs = self.logs.stats.lock();
        NodeVitals {
            time: now,
            users: gauge(&self.users_online),
            pending_sends: gauge(&self.pending_sends),
            partitions: gauge(&self.owned_partitions),
            lag: logs.values().map(|stats| stats.lag).sum(),
            pending: logs.values().map(|stats| stats.pending).sum(),
            accepted: self.accepted.get(),
            acked: self.acked.get(),
            delivered: self.delivered.get(),
            rejected: occurred(Code::ALL.map(|code| {
                let code = code.as_str();
                (code, self.rejected.with_label_values(&[code]).get())
            })),
            faults: occurred([
                ("backplane_error", self.errors.with_label_values(&["backplane"]).get()),
                ("store_error", self.errors.with_label_values(&["store"]).get()),
                ("probe_lost", self.probe.failures.get()),
                ("lease_lost", self.reregistrations.get()),
                ("node_reaped", self.reaps.get()),
                ("entries_claimed", self.claims.get()),
                ("hole_repaired", self.repairs.get()),
                ("state_restored", self.restores.get()),
                ("resequenced", self.resequenced.get()),
                ("void", self.voids.get()),
            ]),
            latency: counts(latency),
            probe: counts(&self.probe.seconds),
            stages: Stage::ALL
                .into_iter()
                .filter(|stage| *stage != Stage::EndToEnd)
                .map(|stage| (stage.name().to_owned(), counts(&self.stages[stage as usize])))
                .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
                .collect(),
        }
    }

    /// A partition that is no longer owned here is no longer reported from here.
    pub(crate) fn forget_log(&self, partition: Partition) {
        self.logs.forget(partition);
    }
}

// === impl LogMetrics ===

impl LogMetrics {
    fn register(make: &Maker) -> Result<Self, prometheus::Error> {
        Ok(Self {
            length: make.gauges("log_length", "Entries in a partition's log.", &["partition"])?,
            pending: make.gauges("log_pending", "Entries of group fanout delivered and not acked.", &["partition"])?,
            lag: make.gauges("log_lag", "Entries of group fanout not yet delivered.", &["partition"])?,
            stats: Arc::default(),
        })
    }

    fn set(&self, partition: Partition, stats: LogStats) {
        let label = partition.to_string();
        self.length.with_label_values(&[&label]).set(stats.length as i64);
        self.pending.with_label_values(&[&label]).set(stats.pending as i64);
        self.lag.with_label_values(&[&label]).set(stats.lag as i64);
        self.stats.lock().insert(partition, stats);
    }

    fn forget(&self, partition: Partition) {
        self.stats.lock().remove(&partition);
        let label = partition.to_string();
        for gauge in [&self.length, &self.pending, &self.lag] {
            // Absent is what is wanted, so an absent one is no error.
            let _ = gauge.remove_label_values(&[&label]);
        }
    }
}

// === impl ProbeMetrics ===

impl ProbeMetrics {
    fn register(make: &Maker) -> Result<Self, prometheus::Error> {
        let edges = &LATENCY_EDGES;
        Ok(Self {
            seconds: make.histogram(
                "probe_seconds",
                "Time of this node's messages to itself, from send to ack.",
                edges,
            )?,
            failures: make
                .counter("probe_failures_total", "Messages of this node to itself that did not come back.")?,
            last_success: make
                .gauge("probe_last_success_timestamp_seconds", "When one last came back, in Unix time; 0 before.")?,
        })
    }
}

fn nodes_with_role(make: &Maker) -> Result<[IntGauge; NodeRole::ALL.len()], prometheus::Error> {
    let help = "Live nodes that have a role, as this node sees them.";
    let gauges: IntGaugeVec = make.gauges("nodes_with_role", help, &["role"])?;
    Ok(NodeRole::ALL.map(|role| gauges.with_label_values(&[role.as_str()])))
}

/// Those of which there were any.
fn occurred<const N: usize>(counted: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counted.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_owned(), count)).collect()
}

/// How many observations lie up to each edge and above the one before, and how many above all.
fn counts(histogram: &Histogram) -> Vec<u64> {
    let metric = histogram.metric();
    let told = metric.get_histogram();
    let up_to = told.get_bucket().iter().map(|bucket| bucket.cumulative_count());
    let mut before = 0;
    let all = up_to.chain([told.get_sample_count()]);
    all.map(|count| count.saturating_sub(std::mem::replace(&mut before, count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitals_count_what_happened_and_nothing_else() {
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let quiet = metrics.vitals(1);
        assert!(quiet.rejected.is_empty() && quiet.faults.is_empty());
        assert_eq!(quiet.latency, vec![0; LATENCY_EDGES.len() + 1]);
        metrics.took(Stage::Store, 0.004);
        metrics.took(Stage::EndToEnd, 0.0015);
        metrics.took(Stage::EndToEnd, 99.0);
        metrics.rejected(Code::Overloaded);
        metrics.part_errors("store").inc();
        let vitals = metrics.vitals(2);
        assert_eq!((vitals.latency[3], vitals.latency[16]), (1, 1));
        assert_eq!(vitals.latency.iter().sum::<u64>(), 2);
        assert_eq!(vitals.rejected["overloaded"], 1);
        assert_eq!((vitals.stages.len(), vitals.stages["store"][5]), (1, 1));
        assert_eq!(vitals.faults.keys().collect::<Vec<_>>(), ["store_error"]);
    }
}
