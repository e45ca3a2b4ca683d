//! What monitoring asks.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus::{Encoder, Registry, TextEncoder};

use super::Api;
use crate::domain::{Code, Refusal};
use crate::transport::problem::{Problem, Problems};

/// All metrics, in Prometheus' text format.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"))
)]
pub(super) async fn metrics(State(api): State<Api>) -> Result<Response, Problem> {
    gathered(&api.registry)
}

/// What is counted, as Prometheus reads it.
pub(in crate::transport::http) fn gathered(registry: &Registry) -> Result<Response, Problem> {
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    encoder.encode(&registry.gather(), &mut text).map_err(|error| {
        tracing::error!(%error, "the metrics cannot be encoded");
        Refusal::new(Code::Internal, "the metrics cannot be encoded")
    })?;
    Ok(([(CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response())
}

/// Whether the process is alive. Asks nothing of Redis or the store.
#[utoipa::path(
    get, path = "/healthz", tag = "health",
    responses((status = 200, description = "Alive", body = String, content_type = "text/plain"))
)]
pub(in crate::transport::http) async fn alive() -> &'static str {
    "alive\n"
}

/// Whether the node may take traffic.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses(
        (status = 200, description = "It may", body = String, content_type = "text/plain"),
        Problems,
    )
)]
pub(super) async fn ready(State(api): State<Api>) -> Result<&'static str, Problem> {
    match api.hub.ready().await {
        Ok(()) => Ok("ready\n"),
        Err(why) => Err(Refusal::new(Code::Unavailable, why.to_string()).into()),
    }
}
