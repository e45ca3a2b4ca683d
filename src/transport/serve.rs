//! Both listeners, from bound ports to the last answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::http::starting::{self, Starting};
use super::http::{Api, elsewhere, internal_router, public_router};
use super::listen::{Admission, Answers, Listener, bind};
use super::ws::{Connections, Gateway, routes};
use super::{AdmissionConfig, TransportConfig, TransportMetrics};
use crate::hub::Hub;
use crate::ports::{Accounts, NodeRole};

/// The ports of both listeners, bound: what is wrong with them is known before anything else starts.
#[derive(Debug)]
pub struct Bound {
    public: TcpListener,
    internal: TcpListener,
    config: TransportConfig,
}

/// Both listeners, answering: that the node starts, and once it [serves](Running::serve) whatever they are asked.
pub struct Running {
    /// Where the public listener is.
    pub public: SocketAddr,
    /// Where the internal listener is.
    pub internal: SocketAddr,
    config: Arc<TransportConfig>,
    metrics: TransportMetrics,
    registry: Registry,
    connections: Arc<Connections>,
    admission: Arc<Admission>,
    to_clients: Answers,
    to_services: Answers,
    serving: CancellationToken,
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

    /// Answers on both ports that the node starts: clients that they may come back, operators what it `waits_for`. What is
    /// counted is registered in `registry`, which `/metrics` shows.
    ///
    /// # Errors
    /// A metric of the same name is registered already.
    pub fn open(
        self,
        registry: Registry,
        mut waits_for: watch::Receiver<String>,
    ) -> Result<Running, prometheus::Error> {
        let Self { public, internal, config } = self;
        let metrics = TransportMetrics::register(&registry)?;
        let starting =
            Starting { waits_for: waits_for.clone(), registry: registry.clone(), metrics: metrics.http.clone() };
        let admission = Admission::new(config.admission.clone(), metrics.admission.clone());
        let inside = Admission::new(inside(&config.admission), metrics.admission.clone());
        let running = Running {
            public: public.local_addr().unwrap_or(config.listen.public),
            internal: internal.local_addr().unwrap_or(config.listen.internal),
            connections: Connections::new(config.websocket.clone(), metrics.websocket.clone()),
            admission: admission.clone(),
            to_clients: Answers::at_first(starting::public(&starting)),
            to_services: Answers::at_first(starting::internal(starting)),
            serving: CancellationToken::new(),
            accepting: CancellationToken::new(),
            answering: CancellationToken::new(),
            websockets: TaskTracker::new(),
            listeners: TaskTracker::new(),
            config: Arc::new(config),
            metrics,
            registry,
        };
        let (timer, http) = (running.connections.clone().run_timer(), running.config.http.clone());
        running.listeners.spawn(running.answering.clone().run_until_cancelled_owned(timer));
        let answers = running.to_clients.clone();
        let clients = Listener { socket: public, answers, admission, config: http.clone() };
        let (serving, accepting) = (running.serving.clone(), running.accepting.clone());
        running.listeners.spawn(async move {
            // Of a start that takes no time nobody need be told: until then the kernel keeps who connects.
            tokio::select! {
                _ = waits_for.changed() => {}
                () = serving.cancelled() => {}
                () = accepting.cancelled() => {}
            }
            clients.serve(accepting).await;
        });
        let answers = running.to_services.clone();
        let services = Listener { socket: internal, answers, admission: inside, config: http };
        running.listeners.spawn(services.serve(running.answering.clone()));
        Ok(running)
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
    /// Serves the hub on both ports; `operators` beside the internal API, behind the same guard.
    pub fn serve(&self, hub: Arc<Hub>, accounts: Option<Arc<dyn Accounts>>, operators: Router) {
        let gateway = Gateway {
            sessions: hub.clone(),
            connections: self.connections.clone(),
            admission: self.admission.clone(),
            tasks: self.websockets.clone(),
        };
        let (config, metrics) = (self.config.clone(), self.metrics.clone());
        let api = Api { hub, accounts, config, metrics, registry: self.registry.clone() };
        let public = match api.hub.config().roles.has(NodeRole::Clients) {
            true => public_router(api.clone(), routes(Arc::new(gateway))),
            false => elsewhere(&api.metrics.http),
        };
        // Whoever is told that the node is ready must find that it is.
        self.to_clients.change_to(public);
        self.serving.cancel();
        self.to_services.change_to(internal_router(api, operators));
    }

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
