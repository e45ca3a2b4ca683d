//! Settings of the transport, each with the reason for its default.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

/// Listeners, sockets and HTTP. Everything has a default; `app` fills it from flags, environment
/// and file.
#[derive(Debug, Clone, Default)]
pub struct TransportConfig {
    /// Where the two listeners are bound.
    pub listen: ListenConfig,
    /// Whose word about the client's address is believed, and who may come in.
    pub admission: AdmissionConfig,
    /// WebSocket connections.
    pub websocket: WebSocketConfig,
    /// HTTP requests.
    pub http: HttpConfig,
}

/// Addresses.
#[derive(Debug, Clone)]
pub struct ListenConfig {
    /// The public listener: clients.
    pub public: SocketAddr,
    /// The internal listener: services and operators.
    pub internal: SocketAddr,
    /// Host names, beyond IP addresses and `localhost`, that requests to the internal listener may
    /// name in `Host` (against DNS rebinding).
    pub internal_hosts: Vec<String>,
}

/// Who may connect, and how many.
#[derive(Debug, Clone)]
pub struct AdmissionConfig {
    /// WebSocket connections that this node holds at most.
    pub max_connections: usize,
    /// Connections from one client address at most, WebSocket and HTTP together.
    pub max_connections_per_address: usize,
    /// Connections that are not (yet) WebSockets at most; beyond, new ones are dropped at once.
    pub max_http_connections: usize,
    /// Proxies whose `X-Forwarded-For` or PROXY header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether trusted proxies begin each connection with a PROXY protocol header (v1 or v2).
    pub proxy_protocol: bool,
    /// Origins that browsers may come from, beyond the own host and the live nodes' public URLs
    /// (`https://chat.example.org`).
    pub allowed_origins: Vec<String>,
}

/// WebSocket connections.
#[derive(Debug, Clone)]
pub struct WebSocketConfig {
    /// A client silent for this long is pinged.
    pub heartbeat: Duration,
    /// A client of which nothing was heard for this long is closed with 4101; one that has taken nothing of
    /// what waits for it for as long, with 1013.
    pub idle: Duration,
    /// Time for a valid `hello`.
    pub hello_deadline: Duration,
    /// Time that a closing connection has for what is queued and for the closing handshake.
    pub close_deadline: Duration,
    /// The longest message, all its fragments together, in bytes.
    pub max_message: usize,
    /// Bytes that may wait for one client; beyond, it is closed with 1013.
    pub max_queue: usize,
    /// Pings, pongs and empty frames taken from one client between two heartbeats; beyond, it is
    /// closed with 1008.
    pub max_control_frames: u32,
}

/// HTTP requests.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Time for a request's headers, and for the next request on a kept-alive connection.
    pub header_timeout: Duration,
    /// Time for a request to be answered.
    pub request_timeout: Duration,
    /// The longest request head, in bytes. At least 8,192.
    pub max_head: usize,
    /// The longest request body, in bytes.
    pub max_body: usize,
    /// The hash (`sha256:<hex>`) or text that services show as Bearer token on the internal
    /// listener. Needed when it is bound beyond loopback.
    pub service_token: Option<String>,
}

/// Below the usual limit of 20,000 open files, with room for everything else.
pub const DEFAULT_MAX_CONNECTIONS: usize = 19_000;
/// A large office behind one address; a single machine that wants more is misbehaving.
pub const DEFAULT_MAX_PER_ADDRESS: usize = 200;
/// Half-open handshakes cost a task and a buffer each: enough for a storm of reconnects.
pub const DEFAULT_MAX_HTTP_CONNECTIONS: usize = 4_096;
/// As the protocol says.
pub const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(5);
/// As the protocol says.
pub const DEFAULT_IDLE: Duration = Duration::from_secs(30);
/// As the protocol says.
pub const DEFAULT_HELLO_DEADLINE: Duration = Duration::from_secs(5);
/// A client that answers at all answers within a round trip.
pub const DEFAULT_CLOSE_DEADLINE: Duration = Duration::from_secs(3);
/// A text of 4,000 characters at 4 bytes, 16 KB of data, and room for cursors of a thousand groups.
pub const DEFAULT_MAX_MESSAGE: usize = 64 * 1024;
/// Some thousand messages: seconds of a busy group's traffic, while a full page of replay fits many times.
pub const DEFAULT_MAX_QUEUE: usize = 1024 * 1024;
/// A thousand: well-behaved clients send one a heartbeat.
pub const DEFAULT_MAX_CONTROL_FRAMES: u32 = 1_000;

// === impl TransportConfig ===

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            public: (Ipv4Addr::UNSPECIFIED, 8080).into(),
            // Nobody beyond this machine, until an operator says otherwise.
            internal: (Ipv4Addr::LOCALHOST, 8081).into(),
            internal_hosts: Vec::new(),
        }
    }
}

impl Default for AdmissionConfig {
    fn default() -> Self {
        Self {
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_connections_per_address: DEFAULT_MAX_PER_ADDRESS,
            max_http_connections: DEFAULT_MAX_HTTP_CONNECTIONS,
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            allowed_origins: Vec::new(),
        }
    }
}

impl Default for WebSocketConfig {
    fn default() -> Self {
        Self {
            heartbeat: DEFAULT_HEARTBEAT,
            idle: DEFAULT_IDLE,
            hello_deadline: DEFAULT_HELLO_DEADLINE,
            close_deadline: DEFAULT_CLOSE_DEADLINE,
            max_message: DEFAULT_MAX_MESSAGE,
            max_queue: DEFAULT_MAX_QUEUE,
            max_control_frames: DEFAULT_MAX_CONTROL_FRAMES,
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(20),
            // Tokens of some identity providers take several kilobytes.
            max_head: 32 * 1024,
            // The largest body is a message with its `data`.
            max_body: 64 * 1024,
            service_token: None,
        }
    }
}
