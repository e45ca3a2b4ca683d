//! Listeners, the WebSocket session, the HTTP APIs.
//!
//! - [`wire`]: RFC 6455 as a server reads it, strictly and without I/O.
//! - [`ws`]: WebSocket connections: one small task each, and a way out that writes at once.
//! - [`Bound`], [`Running`]: both listeners, from bound ports to the last answer.
//! - [`http`]: the public and the internal API.
//! - [`listen`]: bound ports, who may come, and HTTP/1.1 on each connection.
//! - [`Problem`]: the one place where a refusal's code becomes an HTTP status.
//! - [`TransportConfig`], [`TransportMetrics`]: settings, and what is counted.

mod config;
pub mod http;
pub mod listen;
mod metrics;
mod problem;
mod serve;
#[cfg(test)]
pub(crate) mod testing;
mod wheel;
pub mod wire;
pub mod ws;

pub use config::{AdmissionConfig, HttpConfig, ListenConfig, TransportConfig, WebSocketConfig};
pub use http::REQUESTS;
pub use metrics::{AdmissionMetrics, HttpMetrics, Refused, TransportMetrics, WebSocketMetrics};
pub use problem::{PROBLEM_JSON, Problem, ProblemDocument, Problems, status_of};
pub use serve::{Bound, Running};
