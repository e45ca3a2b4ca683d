//! What both listeners answer while the node waits for what it stands on.
//!
//! The public one answers too, rather than be shut or silent: clients hear at once that they may come back, and a balancer
//! that does not ask `/readyz` sees an error that it knows.

use axum::extract::State;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Router, response::Response};
use prometheus::Registry;
use tokio::sync::watch;

use super::internal::{alive, gathered};
use super::{access_log, layers};
use crate::domain::{Code, Refusal};
use crate::transport::metrics::HttpMetrics;
use crate::transport::problem::Problem;

/// When clients may ask again, in milliseconds: about as often as the node itself does.
const ASK_AGAIN: u64 = 2_000;

/// What a node that starts can say.
#[derive(Clone)]
pub struct Starting {
    /// What it waits for, in a sentence for operators.
    pub waits_for: watch::Receiver<String>,
    /// What is counted so far, for `/metrics`.
    pub registry: Registry,
    /// Requests.
    pub metrics: HttpMetrics,
}

/// What clients are answered.
pub fn public(starting: &Starting) -> Router {
    let counted = layers::Counted { listener: "public", metrics: starting.metrics.clone() };
    Router::new()
        .fallback(not_yet)
        .layer(from_fn(layers::secure))
        .layer(from_fn_with_state(counted, layers::count))
        .layer(from_fn(access_log::log))
}

/// What monitoring, services and operators are answered.
pub fn internal(starting: Starting) -> Router {
    let counted = layers::Counted { listener: "internal", metrics: starting.metrics.clone() };
    Router::new()
        .route("/healthz", get(alive))
        .route("/metrics", get(metrics))
        .fallback(not_ready)
        .with_state(starting)
        .layer(from_fn(layers::secure))
        .layer(from_fn_with_state(counted, layers::count))
}

async fn metrics(State(starting): State<Starting>) -> Result<Response, Problem> {
    gathered(&starting.registry)
}

/// Which parts are out of reach is the operators' business.
async fn not_yet() -> Problem {
    Refusal::new(Code::Unavailable, "the hub is starting; try again soon").retry_after(ASK_AGAIN).into()
}

async fn not_ready(State(starting): State<Starting>) -> Problem {
    let why = starting.waits_for.borrow().clone();
    Refusal::new(Code::Unavailable, why).retry_after(ASK_AGAIN).into()
}
