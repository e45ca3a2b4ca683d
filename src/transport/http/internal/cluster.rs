//! The cluster, for operators and their page.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::domain::Millis;
use crate::hub::{HISTORY_EVERY, LATENCY_EDGES, Overview, PartitionState};
use crate::ports::{NodeRecord, NodeVitals};
use crate::transport::problem::Problems;

/// The consumer group that delivers; its lag and pending entries are those shown.
const GROUP: &str = "fanout";

/// The cluster at this moment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClusterView {
    /// The node that tells, with its epoch.
    node: String,
    /// When, in Unix milliseconds.
    time: Millis,
    /// Why this node may not take traffic, when it may not.
    not_ready: Option<String>,
    /// The consumer group of the partitions' `pending` and `lag`.
    group: &'static str,
    /// Upper edges of the latency counts, in seconds; the last count is of what took longer.
    latency_edges: Vec<f64>,
    /// The nodes that live, by name.
    nodes: Vec<NodeView>,
    /// The partitions in order; null when the backplane does not answer.
    partitions: Option<Vec<PartitionView>>,
}

/// A node.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NodeView {
    /// Its name with its epoch.
    node: String,
    /// Where clients reach it.
    public_url: Option<String>,
    /// Availability zone.
    zone: Option<String>,
    /// Sessions.
    connections: u64,
    /// Sessions that it takes at most.
    capacity: u64,
    /// Whether it hands its work over.
    draining: bool,
    /// What it does: `clients`, `owner`, `followers`.
    roles: Vec<String>,
    /// Its version.
    version: String,
    /// When this life of it began, in Unix milliseconds.
    since: Millis,
    /// How it has been doing.
    vitals: VitalsView,
}

/// How a node has been doing. All from `accepted` on are counters since its process began.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VitalsView {
    /// When this was so, by the node's clock, in Unix milliseconds.
    time: Millis,
    /// Users with sessions there.
    users: u64,
    /// Sends that wait for their ack.
    pending_sends: u64,
    /// Partitions that it owns.
    partitions: u64,
    /// Entries of these that nobody has read yet.
    lag: u64,
    /// Entries of these that are read and not committed.
    pending: u64,
    /// Sends taken in.
    accepted: u64,
    /// Sends answered as stored.
    acked: u64,
    /// Events handed to sessions.
    delivered: u64,
    /// Requests refused, by code; codes that never occurred are left out.
    rejected: BTreeMap<String, u64>,
    /// Faults, by kind; kinds that never occurred are left out.
    faults: BTreeMap<String, u64>,
    /// Sends by how long their ack took, a count for each of `latency_edges` and one for longer.
    latency: Vec<u64>,
    /// The same of the node's messages to itself.
    probe: Vec<u64>,
    /// The same of each stage of a message's way there, by name; stages that saw none are left out.
    stages: BTreeMap<String, Vec<u64>>,
}

/// A partition.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartitionView {
    /// The node that owns it.
    owner: Option<String>,
    /// Entries in its log.
    length: u64,
    /// Entries that are read and not committed.
    pending: u64,
    /// Entries that nobody has read yet.
    lag: u64,
}

/// The nodes over the last quarter of an hour.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClusterHistoryView {
    /// From one sample to the next, in milliseconds.
    every: u64,
    /// The oldest first.
    samples: Vec<SampleView>,
}

/// The nodes at some moment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SampleView {
    /// When, in Unix milliseconds.
    time: Millis,
    /// Those that lived.
    nodes: Vec<NodeView>,
}

/// The cluster as this node sees it: nodes, partitions, counters.
#[utoipa::path(
    get, path = "/cluster", tag = "cluster", security((), ("service" = [])),
    responses(
        (status = 200, description = "The cluster", body = ClusterView),
        Problems,
    )
)]
pub(super) async fn now(State(api): State<Api>) -> Json<ClusterView> {
    Json(api.hub.overview().await.into())
}

/// The nodes over the last quarter of an hour, as this node saw them.
#[utoipa::path(
    get, path = "/cluster/history", tag = "cluster", security((), ("service" = [])),
    responses(
        (status = 200, description = "Samples", body = ClusterHistoryView),
        Problems,
    )
)]
pub(super) async fn history(State(api): State<Api>) -> Json<ClusterHistoryView> {
    let samples = api.hub.recent_nodes().into_iter();
    let samples = samples.map(|(time, nodes)| SampleView { time, nodes: views(nodes) }).collect();
    Json(ClusterHistoryView { every: HISTORY_EVERY.as_millis() as u64, samples })
}

fn views(nodes: Vec<NodeRecord>) -> Vec<NodeView> {
    let mut views: Vec<NodeView> = nodes.into_iter().map(NodeView::from).collect();
    views.sort_by(|one, other| one.node.cmp(&other.node));
    views
}

impl From<Overview> for ClusterView {
    fn from(overview: Overview) -> Self {
        Self {
            node: overview.node.to_string(),
            time: overview.time,
            not_ready: overview.not_ready,
            group: GROUP,
            latency_edges: LATENCY_EDGES.into(),
            nodes: views(overview.nodes),
            partitions: overview.partitions.map(|all| all.into_iter().map(PartitionView::from).collect()),
        }
    }
}

impl From<PartitionState> for PartitionView {
    fn from(state: PartitionState) -> Self {
        let stats = state.stats;
        let owner = state.owner.map(|owner| owner.to_string());
        Self { owner, length: stats.length, pending: stats.pending, lag: stats.lag }
    }
}

impl From<NodeRecord> for NodeView {
    fn from(record: NodeRecord) -> Self {
        Self {
            node: record.node.to_string(),
            public_url: record.public_url,
            zone: record.zone,
            connections: record.connections,
            capacity: record.capacity,
            draining: record.draining,
            roles: record.roles.names().map(str::to_owned).collect(),
            version: record.version,
            since: record.since,
            vitals: record.vitals.into(),
        }
    }
}

impl From<NodeVitals> for VitalsView {
    fn from(vitals: NodeVitals) -> Self {
        Self {
            time: vitals.time,
            users: vitals.users,
            pending_sends: vitals.pending_sends,
            partitions: vitals.partitions,
            lag: vitals.lag,
            pending: vitals.pending,
            accepted: vitals.accepted,
            acked: vitals.acked,
            delivered: vitals.delivered,
            rejected: vitals.rejected,
            faults: vitals.faults,
            latency: vitals.latency,
            probe: vitals.probe,
            stages: vitals.stages,
        }
    }
}
