//! What happens to every request and answer.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::Api;
use super::message_views::AS_OF;
use crate::domain::{Cid, Code, Refusal};
use crate::transport::listen::{Client, origin};
use crate::transport::metrics::HttpMetrics;
use crate::transport::problem::Problem;
use crate::transport::ws::too_many_from_address;

/// Repeating a request with the same key sends nothing twice.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Whether there are more than an answer that is a bare list has.
pub(super) const MORE: HeaderName = HeaderName::from_static("hubbub-more");
/// Pages may load and run what this hub serves, and nothing else.
pub(super) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
/// A browser asks again whether it may ask, after so long.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Which listener answers, for metrics.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub listener: &'static str,
    pub metrics: HttpMetrics,
}

/// Counts requests by their route: a path itself may name anything.
pub(super) async fn count(State(counted): State<Counted>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    counted.metrics.answered(counted.listener, route, response.status().as_u16(), begun.elapsed().as_secs_f64());
    response
}

/// Adds the headers that keep browsers careful, where an answer has none of its own.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Answers in time, or says that it cannot.
pub(super) async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::from(Refusal::unavailable()).into_response(),
    }
}

/// Turns away clients whose address has more connections than it may.
pub(super) async fn within_cap(request: Request, next: Next) -> Response {
    if !request.extensions().get::<Client>().is_some_and(Client::is_over) {
        return next.run(request).await;
    }
    let mut response = too_many_from_address().into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Which pages of other origins may read answers.
pub(super) fn cors(api: &Api) -> CorsLayer {
    let api = api.clone();
    let allowed = move |origin: &HeaderValue, request: &Parts| {
        let configured = &api.config.admission.allowed_origins;
        origin::is_allowed(origin, request.headers.get(header::HOST), configured, &api.hub.public_urls())
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_NONE_MATCH, IDEMPOTENCY_KEY])
        .expose_headers([header::RETRY_AFTER, header::ETAG, header::LINK, MORE, AS_OF])
        .max_age(PREFLIGHT_AGE)
}

/// What a panic in a handler is answered with.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request handler panicked");
    Problem::from(Refusal::new(Code::Internal, "the hub failed; tell the operator")).into_response()
}

/// The answer to a path that is not served.
pub(super) async fn not_found() -> Problem {
    Refusal::not_found("nothing is served at this path").into()
}

/// The answer to a method that a path does not take.
pub(super) async fn wrong_method() -> Problem {
    let refusal = Refusal::new(Code::Unsupported, "this path takes other methods");
    Problem::with_status(StatusCode::METHOD_NOT_ALLOWED, refusal)
}

/// The request's `Idempotency-Key`.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    key.to_str().map(Some).map_err(|_| Refusal::bad_frame("`Idempotency-Key` must be plain ASCII"))
}

/// The `cid` of a request: in its body, or else its `Idempotency-Key`.
pub(super) fn cid_of(body: Option<&str>, key: Option<&str>) -> Result<Option<Cid>, Refusal> {
    match (body, key) {
        (Some(cid), Some(key)) if cid != key => {
            Err(Refusal::bad_frame("`cid` and `Idempotency-Key` differ: give one of them"))
        }
        (Some(cid), _) | (None, Some(cid)) => Ok(Some(Cid::parse(cid)?)),
        (None, None) => Ok(None),
    }
}
