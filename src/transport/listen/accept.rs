//! The accept loop, and HTTP/1.1 on what it accepts.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::admission::Admission;
use super::client::Client;
use super::proxy;
use crate::transport::config::HttpConfig;
use crate::transport::metrics::Refused;

/// A storm of reconnects arrives faster than it is accepted.
const BACKLOG: i32 = 8_192;
/// After an error such as too many open files, accepting again at once would only fail again.
const AFTER_ERROR: Duration = Duration::from_millis(50);
/// Between two lines of the log about that.
const COMPLAINT_EVERY: Duration = Duration::from_secs(5);
/// A client that reads its answers this slowly is gone.
const LONGEST_CONNECTION: Duration = Duration::from_secs(300);

/// A bound port and what is served on it.
pub struct Listener {
    /// The bound socket.
    pub socket: TcpListener,
    /// What answers.
    pub answers: Answers,
    /// Who may come.
    pub admission: Arc<Admission>,
    /// Deadlines and sizes.
    pub config: HttpConfig,
}

/// What answers: at first something for the time until a hub is there.
#[derive(Clone)]
pub struct Answers {
    first: Router,
    then: Arc<OnceLock<Router>>,
}

/// Binds a port for listening.
///
/// # Errors
/// The address is taken or not this machine's.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Tells that connections cannot be accepted, once in a while: it may be so twenty times a second.
#[derive(Default)]
struct Complaint {
    told: Option<Instant>,
    untold: u64,
}

// === impl Answers ===

impl Answers {
    /// This, until [`Answers::change_to`].
    pub fn at_first(first: Router) -> Self {
        Self { first, then: Arc::default() }
    }

    /// From here on this answers, also on connections that are open already. Only once.
    pub fn change_to(&self, router: Router) {
        // Whoever came first stays.
        let _ = self.then.set(router);
    }

    fn now(&self) -> Router {
        self.then.get().unwrap_or(&self.first).clone()
    }
}

// === impl Complaint ===

impl Complaint {
    fn about(&mut self, error: &std::io::Error) {
        if self.told.is_some_and(|told| told.elapsed() < COMPLAINT_EVERY) {
            self.untold += 1;
            return;
        }
        tracing::warn!(%error, and_before = self.untold, "a connection cannot be accepted");
        *self = Self { told: Some(Instant::now()), untold: 0 };
    }
}

// === impl Listener ===

impl Listener {
    /// Accepts and serves until `stop`; then lets requests that are being answered finish, as long
    /// as the caller waits for it. WebSockets are out of its hands once they are opened.
    pub async fn serve(self, stop: CancellationToken) {
        let listener = Arc::new(self);
        let connections = TaskTracker::new();
        let mut complaint = Complaint::default();
        while let Some(accepted) = stop.run_until_cancelled(listener.socket.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    let (listener, stop) = (listener.clone(), stop.clone());
                    connections.spawn(async move { listener.connection(stream, peer, stop).await });
                }
                Err(error) => {
                    listener.admission.metrics().accept_errors.inc();
                    complaint.about(&error);
                    tokio::time::sleep(AFTER_ERROR).await;
                }
            }
        }
        connections.close();
        connections.wait().await;
    }

    async fn connection(&self, mut stream: TcpStream, peer: SocketAddr, stop: CancellationToken) {
        let Some(_place) = self.admission.enter() else { return };
        // Frames are written whole: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let Some(peer) = self.peer(&mut stream, peer.ip().to_canonical()).await else { return };
        let Some(client) = Client::arrived(&self.admission, peer) else { return };
        self.http(stream, client, stop).await;
    }

    /// The client's address, from the PROXY header where there is to be one.
    async fn peer(&self, stream: &mut TcpStream, peer: IpAddr) -> Option<IpAddr> {
        let config = self.admission.config();
        let trusted = config.trusted_proxies.iter().any(|net: &IpNet| net.contains(&peer));
        if !(config.proxy_protocol && trusted) {
            return Some(peer);
        }
        let header = tokio::time::timeout(self.config.header_timeout, proxy::read_header(stream)).await;
        match header {
            Ok(Ok(client)) => Some(client.map_or(peer, |client| client.to_canonical())),
            Ok(Err(_)) | Err(_) => {
                self.admission.metrics().refused(Refused::ProxyHeader);
                None
            }
        }
    }

    async fn http(&self, stream: TcpStream, client: Client, stop: CancellationToken) {
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(client.clone());
            self.answers.now().oneshot(request)
        });
        let mut http = http1::Builder::new();
        // Without a timer the header timeout would be off.
        http.timer(TokioTimer::new())
            .header_read_timeout(self.config.header_timeout)
            // Who says that nothing more comes still waits for the answer (RFC 9112, 9.6).
            .half_close(true)
            .max_buf_size(self.config.max_head);
        let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            // Errors are the client's: it went away, or does not speak HTTP.
            _ = &mut connection => return,
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LONGEST_CONNECTION) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(self.config.request_timeout, connection).await;
    }
}
