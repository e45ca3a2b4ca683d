//! What the probe counts, for its own `/metrics`.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Encoder, Gauge, GaugeVec, Histogram, IntCounter, IntCounterVec, Registry, TextEncoder};

use super::ladder::Capacity;
use super::maturity::Maturity;
use super::round::{Round, Step};
use crate::kernel::Maker;

/// Edges in seconds, among them 1 s and 10 s, which the fitness functions speak of.
const EDGES: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];

/// The probe's metrics, registered once.
pub struct ProbeMetrics {
    registry: Registry,
    up: Gauge,
    attempts: IntCounter,
    failures: IntCounterVec,
    connecting: Histogram,
    message: Histogram,
    last_success: Gauge,
    uptime: Gauge,
    outages: Gauge,
    mtbf: Gauge,
    mtrs: Gauge,
    channel: GaugeVec,
}

// === impl ProbeMetrics ===

impl ProbeMetrics {
    /// Makes and registers them. Fails only when they are registered twice.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let make = Maker::new(&registry, "hubbub_outside");
        let failures = make.counters("failures_total", "Attempts that failed, by the step that did.", &["step"])?;
        for step in Step::ALL {
            failures.with_label_values(&[step.name()]);
        }
        Ok(Self {
            up: make.gauge("up", "1 when the last attempt came through, 0 when not.")?,
            attempts: make.counter("attempts_total", "Attempts to send oneself a message.")?,
            failures,
            connecting: make.histogram("connect_seconds", "From the first byte to the hub's welcome.", &EDGES)?,
            message: make.histogram("message_seconds", "From sending a message to oneself to its arrival.", &EDGES)?,
            last_success: make.gauge("last_success_timestamp_seconds", "When one last arrived, in Unix time.")?,
            uptime: make.gauge("uptime_ratio", "The share of the watched time in which the hub was up.")?,
            outages: make.gauge("outages", "Changes from up to down in the watched time.")?,
            mtbf: make.gauge("mtbf_seconds", "Mean time between failures; without one, the watched time.")?,
            mtrs: make.gauge("mtrs_seconds", "Mean time to restore service; 0 without a failure.")?,
            channel: make.gauges("channel_rate", "Highest rate held, in messages a second, by bound.", &["within"])?,
            registry,
        })
    }

    /// Notes an attempt.
    pub(super) fn round(&self, round: &Round, now: f64) {
        self.attempts.inc();
        if let Some(connected) = round.connected {
            self.connecting.observe(connected.as_secs_f64());
        }
        round.messages.iter().for_each(|took| self.message.observe(took.as_secs_f64()));
        match &round.failed {
            None => {
                self.up.set(1.0);
                self.last_success.set(now);
            }
            Some((step, _)) => {
                self.up.set(0.0);
                self.failures.with_label_values(&[step.name()]).inc();
            }
        }
    }

    /// Notes how the hub did so far.
    pub(super) fn maturity(&self, state: &Maturity) {
        self.uptime.set(state.uptime());
        self.outages.set(state.outages() as f64);
        self.mtbf.set(state.mtbf());
        self.mtrs.set(state.mtrs());
    }

    /// Notes what a ladder found.
    pub(super) fn channel(&self, capacity: Capacity) {
        self.channel.with_label_values(&["1s"]).set(capacity.within_ideal);
        self.channel.with_label_values(&["10s"]).set(capacity.within_bound);
    }

    /// Serves `/metrics`, and `/healthz` for whoever watches the probe.
    pub(super) fn routes(&self) -> Router {
        let registry = self.registry.clone();
        Router::new()
            .route("/metrics", get(move || std::future::ready(exposition(&registry))))
            .route("/healthz", get(|| std::future::ready("alive\n")))
    }
}

fn exposition(registry: &Registry) -> Response {
    let (encoder, mut text) = (TextEncoder::new(), Vec::new());
    match encoder.encode(&registry.gather(), &mut text) {
        Ok(()) => ([(CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
