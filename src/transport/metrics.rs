//! What the transport counts. No user, group or address in a label.

use prometheus::{HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry};

use crate::kernel::Maker;
use crate::transport::wire::CloseCode;

/// All metrics of the transport.
#[derive(Debug, Clone)]
pub struct TransportMetrics {
    /// Of WebSocket connections.
    pub websocket: WebSocketMetrics,
    /// Of handshakes and connections as such.
    pub admission: AdmissionMetrics,
    /// Of HTTP requests.
    pub http: HttpMetrics,
}

/// WebSocket connections.
#[derive(Debug, Clone)]
pub struct WebSocketMetrics {
    pub(super) connections: IntGauge,
    pub(super) opened: IntCounter,
    pub(super) received_bytes: IntCounter,
    pub(super) received_messages: IntCounter,
    pub(super) sent_bytes: IntCounter,
    pub(super) queue_bytes: IntGauge,
    pub(super) queued: IntCounter,
    pub(super) slow_readers: IntCounter,
    pub(super) pings: IntCounter,
    closes: IntCounterVec,
}

/// Who was let in and who was not.
#[derive(Debug, Clone)]
pub struct AdmissionMetrics {
    pub(super) http_connections: IntGauge,
    pub(super) accept_errors: IntCounter,
    refused: IntCounterVec,
}

/// HTTP requests.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: IntCounterVec,
    duration: HistogramVec,
}

/// Why a connection or a handshake was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not a WebSocket handshake by RFC 6455.
    Handshake,
    /// Only unknown subprotocols.
    Subprotocol,
    /// A browser from elsewhere.
    Origin,
    /// A token or ticket that is not valid.
    Unauthorized,
    /// The node is full.
    NodeFull,
    /// Too many from one address.
    AddressFull,
    /// Too many connections that are not WebSockets.
    HttpFull,
    /// No PROXY header, or a broken one.
    ProxyHeader,
}

/// Edges in seconds, with 1 s and 10 s, of which the fitness functions speak.
const DURATION_EDGES: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

// === impl TransportMetrics ===

impl TransportMetrics {
    /// Registers everything.
    ///
    /// # Errors
    /// A metric of the same name is registered already.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let make = Maker::new(registry, "hubbub");
        Ok(Self {
            websocket: WebSocketMetrics::register(&make)?,
            admission: AdmissionMetrics::register(&make)?,
            http: HttpMetrics::register(&make)?,
        })
    }
}

impl WebSocketMetrics {
    fn register(make: &Maker) -> prometheus::Result<Self> {
        Ok(Self {
            connections: make.gauge("connections", "Open WebSocket connections.")?,
            opened: make.counter("connections_opened_total", "WebSocket connections opened.")?,
            received_bytes: make.counter("received_bytes_total", "Bytes received on WebSockets.")?,
            received_messages: make.counter("received_messages_total", "Messages received on WebSockets.")?,
            sent_bytes: make.counter("sent_bytes_total", "Bytes given to the kernel for WebSockets.")?,
            queue_bytes: make.gauge("queue_bytes", "Bytes that wait for clients to read.")?,
            queued: make.counter("queued_writes_total", "Writes that the kernel did not take at once.")?,
            slow_readers: make
                .counter("slow_reader_closes_total", "Connections closed because the client read too slowly.")?,
            pings: make.counter("pings_total", "Pings sent to silent clients.")?,
            closes: make.counters(
                "closes_total",
                "Connections closed by the hub, by close code; `client` when the client closed, `lost` without a close.",
                &["code"],
            )?,
        })
    }

    /// The hub closes a connection.
    pub(super) fn closed(&self, code: CloseCode) {
        self.closes.with_label_values(&[code.0.to_string().as_str()]).inc();
    }

    /// The client closed a connection.
    pub(super) fn closed_by_client(&self) {
        self.closes.with_label_values(&["client"]).inc();
    }

    /// A connection ended without a close.
    pub(super) fn lost(&self) {
        self.closes.with_label_values(&["lost"]).inc();
    }
}

impl AdmissionMetrics {
    fn register(make: &Maker) -> prometheus::Result<Self> {
        let made = Self {
            http_connections: make.gauge("http_connections", "Open connections that are not WebSockets.")?,
            accept_errors: make.counter("accept_errors_total", "Connections that could not be accepted.")?,
            refused: make.counters(
                "refused_connections_total",
                "Connections and handshakes refused, by reason.",
                &["reason"],
            )?,
        };
        // There from the start, so that the first one of each shows as a change.
        for reason in Refused::ALL {
            made.refused.with_label_values(&[reason.as_str()]);
        }
        Ok(made)
    }

    /// A connection or handshake was refused.
    pub fn refused(&self, reason: Refused) {
        self.refused.with_label_values(&[reason.as_str()]).inc();
    }
}

impl HttpMetrics {
    fn register(make: &Maker) -> prometheus::Result<Self> {
        Ok(Self {
            requests: make.counters(
                "http_requests_total",
                "HTTP requests, by listener, route and status.",
                &["listener", "route", "status"],
            )?,
            duration: make.histograms(
                "http_request_seconds",
                "Time to answer an HTTP request, by route.",
                &DURATION_EDGES,
                &["listener", "route"],
            )?,
        })
    }

    /// A request was answered.
    pub(super) fn answered(&self, listener: &str, route: &str, status: u16, seconds: f64) {
        self.requests.with_label_values(&[listener, route, status.to_string().as_str()]).inc();
        self.duration.with_label_values(&[listener, route]).observe(seconds);
    }
}

// === impl Refused ===

impl Refused {
    /// Every reason.
    const ALL: [Self; 8] = [
        Self::Handshake,
        Self::Subprotocol,
        Self::Origin,
        Self::Unauthorized,
        Self::NodeFull,
        Self::AddressFull,
        Self::HttpFull,
        Self::ProxyHeader,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Subprotocol => "subprotocol",
            Self::Origin => "origin",
            Self::Unauthorized => "unauthorized",
            Self::NodeFull => "node_full",
            Self::AddressFull => "address_full",
            Self::HttpFull => "http_full",
            Self::ProxyHeader => "proxy_header",
        }
    }
}
