//! What the public listener of a node without the role `clients` answers.
//!
//! It is bound and answers, rather than be shut: whoever was sent here by mistake hears the code with which clients come back,
//! and so reaches another node through whatever sent them; and operators read why.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

use super::{access_log, layers};
use crate::domain::{Code, Refusal};
use crate::transport::metrics::HttpMetrics;
use crate::transport::problem::Problem;

/// When clients may ask again, in milliseconds: whatever sent them here should be seen to, not hammered at.
const ASK_AGAIN: u64 = 2_000;

/// What whoever comes is answered.
pub fn elsewhere(metrics: &HttpMetrics) -> Router {
    let counted = layers::Counted { listener: "public", metrics: metrics.clone() };
    Router::new()
        .fallback(no_clients)
        .layer(from_fn(layers::secure))
        .layer(from_fn_with_state(counted, layers::count))
        .layer(from_fn(access_log::log))
}

async fn no_clients() -> Problem {
    Refusal::new(Code::Unavailable, "this node takes no clients; connect to another one").retry_after(ASK_AGAIN).into()
}
