//! What follows stored events, for operators.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::hub::FollowerPlace;
use crate::transport::problem::Problems;

/// A follower's work in one partition.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FollowerView {
    /// The follower.
    follower: String,
    /// The partition.
    partition: u16,
    /// The node that works there, with its epoch; null while nobody does.
    node: Option<String>,
    /// Stored events that it has not worked on there, as far as was heard.
    lag_events: u64,
    /// How long the group that has waited longest has done so, in seconds.
    lag_seconds: u64,
}

/// Who works for which follower in which partition, and how far behind: as nodes told with their last beats.
#[utoipa::path(
    get, path = "/followers", tag = "cluster", security((), ("service" = [])),
    responses(
        (status = 200, description = "All partitions of each follower that a live node runs", body = Vec<FollowerView>),
        Problems,
    )
)]
pub(super) async fn list(State(api): State<Api>) -> Json<Vec<FollowerView>> {
    Json(api.hub.followers().into_iter().map(FollowerView::from).collect())
}

impl From<FollowerPlace> for FollowerView {
    fn from(place: FollowerPlace) -> Self {
        Self {
            follower: place.follower,
            partition: place.partition,
            node: place.node.map(|node| node.to_string()),
            lag_events: place.lag.events,
            lag_seconds: place.lag.seconds,
        }
    }
}
