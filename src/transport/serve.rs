//! Both listeners, from bound ports to the last answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::http::{Api, internal_router, public_router};
use super::listen::{Admission, Listener, bind};
use super::ws::{Connections, Gateway, routes};
use super::{AdmissionConfig, TransportConfig, TransportMetrics};
use crate::adapters::accounts::Accounts;
use crate::hub::Hub;

/// The ports of both listeners, bound: what is wrong with them is known before anything else starts.
#[derive(Debug)]
pub struct Bound {
    public: TcpListener,
    internal: TcpListener,
    config: TransportConfig,
}

/// Both listeners, serving.
#[derive(Debug)]
pub struct Running {
    /// Where the public listener is.
    pub public: SocketAddr,
    /// Where the internal listener is.
    pub internal: SocketAddr,
    accepting: CancellationToken,
    answering: CancellationToken,
    websockets: TaskTracker,
    listeners: TaskTracker,
}

// === impl Bound ===

impl Bound {
    /// Binds both ports.
    ///
    /// # Errors
    /// One of them cannot be bound; the error names it.
    pub fn new(config: TransportConfig) -> io::Result<Self> {
        let bind = |what: &str, address: SocketAddr| {
            bind(address).map_err(|error| io::Error::new(error.kind(), format!("{what} {address}: {error}")))
        };
        let public = bind("the public listener", config.listen.public)?;
        let internal = bind("the internal listener", config.listen.internal)?;
        Ok(Self { public, internal, config })
    }

    /// Serves the hub on both ports. What is counted is registered in `registry`, which `/metrics`
    /// shows; `operators` is served beside the internal API, behind the same guard.
    ///
    /// # Errors
    /// A metric of the same name is registered already.
    pub fn serve(
        self,
        hub: Arc<Hub>,
        accounts: Option<Arc<Accounts>>,
        registry: Registry,
        operators: Router,
    ) -> Result<Running, prometheus::Error> {
        let Self { public, internal, config } = self;
        let public_address = public.local_addr().unwrap_or(config.listen.public);
        let internal_address = internal.local_addr().unwrap_or(config.listen.internal);
        let metrics = TransportMetrics::register(&registry)?;
        let (accepting, answering) = (CancellationToken::new(), CancellationToken::new());
        let (websockets, listeners) = (TaskTracker::new(), TaskTracker::new());

        let connections = Connections::new(config.websocket.clone(), metrics.websocket.clone());
        let timer = connections.clone().run_timer();
        listeners.spawn(answering.clone().run_until_cancelled_owned(timer));

        let admission = Admission::new(config.admission.clone(), metrics.admission.clone());
        let gateway =
            Gateway { sessions: hub.clone(), connections, admission: admission.clone(), tasks: websockets.clone() };
        let inside = Admission::new(inside(&config.admission), metrics.admission.clone());
        let http = config.http.clone();
        let api = Api { hub, accounts, config: Arc::new(config), metrics, registry };
        let router = public_router(api.clone(), routes(Arc::new(gateway)));
        let clients = Listener { socket: public, router, admission, config: http.clone() };
        listeners.spawn(clients.serve(accepting.clone()));
        let router = internal_router(api, operators);
        let services = Listener { socket: internal, router, admission: inside, config: http };
        listeners.spawn(services.serve(answering.clone()));
        Ok(Running { public: public_address, internal: internal_address, accepting, answering, websockets, listeners })
    }
}

/// The internal listener has callers of few addresses, each with many connections.
fn inside(config: &AdmissionConfig) -> AdmissionConfig {
    AdmissionConfig {
        max_connections_per_address: config.max_http_connections,
        trusted_proxies: Vec::new(),
        proxy_protocol: false,
        ..config.clone()
    }
}

// === impl Running ===

impl Running {
    /// No new clients from here on; who is connected stays, and the internal listener answers.
    pub fn stop_accepting(&self) {
        self.accepting.cancel();
    }

    /// Ends both listeners: waits for WebSockets that are closing and requests that are being
    /// answered, at most so long. Whether all of them came to their end.
    pub async fn finish(self, deadline: Duration) -> bool {
        self.accepting.cancel();
        self.websockets.close();
        self.listeners.close();
        let ending = async {
            self.websockets.wait().await;
            self.answering.cancel();
            self.listeners.wait().await;
        };
        let all = tokio::time::timeout(deadline, ending).await.is_ok();
        self.answering.cancel();
        all
    }
}
