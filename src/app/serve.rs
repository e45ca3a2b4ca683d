//! Serving: the parts are put together, run, and taken down in phases.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cli::CommandError;
use super::config::Config;
use super::identity::Identities;
use super::parts::{Parts, SingleNode};
use crate::adapters::accounts::Accounts;
use crate::hub::{Hub, Metrics};
use crate::transport::http::{Api, internal_router, public_router};
use crate::transport::listen::{Admission, Listener, bind};
use crate::transport::ws::{Connections, Gateway, routes};
use crate::transport::{HttpConfig, TransportMetrics};

/// Requests under way when the hub ends may take so long to finish.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// Runs a node until it is told to stop.
///
/// # Errors
/// A part is out of reach, or cannot do what is needed; a port is taken. A sentence says what to do.
pub fn run(config: Config) -> Result<(), CommandError> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_name("hubbub");
    if let Some(threads) = config.process.worker_threads {
        runtime.worker_threads(threads);
    }
    let runtime = runtime.build().map_err(|error| refused(format!("no threads can be had: {error}")))?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), CommandError> {
    // One is enough for all: which one it is, is all the same to whoever comes second.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Ports first: a second hub on this machine is told before it touches anything.
    let public = bound(config.transport.listen.public).await?;
    let internal = bound(config.transport.listen.internal).await?;
    let registry = Registry::new();
    let identities = Identities::open(&config)?;
    identities.prefetch().await;
    let parts = Parts::open(&config).await.map_err(refused)?;
    let metrics = Metrics::register(&registry).map_err(|error| refused(error.to_string()))?;
    let transport = TransportMetrics::register(&registry).map_err(|error| refused(error.to_string()))?;
    register_process(&registry).map_err(|error| refused(error.to_string()))?;
    let hub =
        Hub::new(config.hub.clone(), parts.store.clone(), parts.backplane.clone(), identities.tokens.clone(), metrics);
    let single = SingleNode::hold(&parts, &config.hub.node).await.map_err(refused)?;
    hub.start().await.map_err(refused)?;

    let house = House::build(&config, hub.clone(), &parts, &identities, &transport, registry)?;
    let stop = CancellationToken::new();
    let listening = TaskTracker::new();
    listening.spawn(house.connections.clone().run_timer());
    announce(&config, &public);
    let public = house.public(public, &config.transport.http);
    let internal = house.internal(internal, &config.transport.http);
    let (stop_public, stop_internal) = (stop.child_token(), stop.child_token());
    let public = tokio::spawn(public.serve(stop_public.clone()));
    let internal = tokio::spawn(internal.serve(stop_internal.clone()));

    let why = told_to_stop(single).await?;
    tracing::info!(why, "stopping");
    // `/readyz` says so from here on, while clients are sent away and the others take over.
    hub.drain().await;
    stop.cancel();
    let last = async {
        let _ = tokio::join!(public, internal);
    };
    let _ = tokio::time::timeout(LAST_REQUESTS, last).await;
    tracing::info!("stopped");
    Ok(())
}

async fn bound(address: SocketAddr) -> Result<TcpListener, CommandError> {
    bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            refused(format!("{address} is taken by another process; set another `listen` address"))
        }
        _ => refused(format!("{address} cannot be listened on: {error}")),
    })
}

fn register_process(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
}

/// The first line that a newcomer looks for.
fn announce(config: &Config, public: &TcpListener) {
    let port = public.local_addr().map_or(config.transport.listen.public.port(), |address| address.port());
    let kind = if config.storage.is_embedded() { "everything inside" } else { "scaled out" };
    tracing::info!("hubbub {} ({kind}): the chat page is at http://localhost:{port}/", env!("CARGO_PKG_VERSION"));
}

/// Waits for a signal, or for the loss of what only one node may hold.
async fn told_to_stop(single: Option<SingleNode>) -> Result<&'static str, CommandError> {
    let signals = |kind| signal(kind).map_err(|error| refused(format!("signals cannot be heard: {error}")));
    let (mut terminate, mut interrupt) = (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
    let lost = async {
        match single {
            Some(single) => single.until_lost().await,
            None => std::future::pending().await,
        }
    };
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        () = lost => "another node uses this MongoDB; set redis_url to run several",
    })
}

/// Built-in accounts, where they are on and the hub has a key to sign their tokens with.
fn accounts(config: &Config, parts: &Parts, identities: &Identities) -> Result<Option<Arc<Accounts>>, CommandError> {
    let Some(own) = identities.own.as_ref().filter(|_| config.auth.accounts_enabled()) else { return Ok(None) };
    let accounts = Accounts::new(parts.store.clone(), own.key.clone(), own.prefix, &config.accounts);
    accounts.map(|accounts| Some(Arc::new(accounts))).map_err(|refusal| refused(refusal.message.to_string()))
}

fn refused(why: impl Into<String>) -> CommandError {
    CommandError::Refused(why.into())
}

/// What answers on the two listeners.
struct House {
    public: Router,
    internal: Router,
    admission: Arc<Admission>,
    connections: Arc<Connections>,
}

// === impl House ===

impl House {
    fn build(
        config: &Config,
        hub: Arc<Hub>,
        parts: &Parts,
        identities: &Identities,
        metrics: &TransportMetrics,
        registry: Registry,
    ) -> Result<Self, CommandError> {
        let admission = Admission::new(config.transport.admission.clone(), metrics.admission.clone());
        let connections = Connections::new(config.transport.websocket.clone(), metrics.websocket.clone());
        let gateway = Arc::new(Gateway {
            sessions: hub.clone(),
            connections: connections.clone(),
            admission: admission.clone(),
            tasks: TaskTracker::new(),
        });
        let api = Api {
            hub,
            accounts: accounts(config, parts, identities)?,
            config: Arc::new(config.transport.clone()),
            metrics: metrics.clone(),
            registry,
        };
        let public = public_router(api.clone(), routes(gateway));
        Ok(Self { public, internal: internal_router(api, Router::new()), admission, connections })
    }

    fn public(&self, socket: TcpListener, http: &HttpConfig) -> Listener {
        Listener { socket, router: self.public.clone(), admission: self.admission.clone(), config: http.clone() }
    }

    fn internal(&self, socket: TcpListener, http: &HttpConfig) -> Listener {
        Listener { socket, router: self.internal.clone(), admission: self.admission.clone(), config: http.clone() }
    }
}
