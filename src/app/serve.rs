//! Serving: the parts are put together, run, and taken down in phases.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::cli::CommandError;
use super::config::Config;
use super::identity::Identities;
use super::operator::{self, Desk};
use super::parts::{Parts, SingleNode};
use crate::adapters::accounts::Accounts;
use crate::hub::{Hub, Metrics};
use crate::transport::Bound;

/// Answers under way when the hub ends may take so long to finish.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Runs a node until it is told to stop.
///
/// # Errors
/// A part is out of reach, or cannot do what is needed; a port is taken. A sentence says what to do.
pub fn run(config: Config) -> Result<(), CommandError> {
    let runtime = runtime(config.process.worker_threads);
    let runtime = runtime.map_err(|error| refused(format!("no threads can be had: {error}")))?;
    runtime.block_on(serve(config))
}

fn runtime(threads: Option<usize>) -> std::io::Result<Runtime> {
    let mut builder = match threads {
        // Nobody to share work with: what that costs is saved.
        Some(1) => Builder::new_current_thread(),
        Some(_) | None => Builder::new_multi_thread(),
    };
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    builder.enable_all().thread_name("hubbub").build()
}

async fn serve(config: Config) -> Result<(), CommandError> {
    // One is enough for all: which one it is, is all the same to whoever comes second.
    let _ = rustls::crypto::ring::default_provider().install_default();
    super::open_files::raise_limit(config.hub.max_connections);
    // Ports first: a second hub on this machine is told before it touches anything.
    let bound = Bound::new(config.transport.clone())
        .map_err(|error| refused(format!("{error}; set another address for it, or end what uses it")))?;
    let registry = Registry::new();
    let identities = Identities::open(&config)?;
    identities.prefetch().await;
    let parts = Parts::open(&config).await.map_err(refused)?;
    let metrics = Metrics::register(&registry).and_then(|metrics| register_process(&registry).map(|()| metrics));
    let metrics = metrics.map_err(|error| refused(error.to_string()))?;
    let (store, backplane) = (parts.store.clone(), parts.backplane.clone());
    let hub = Hub::new(config.hub.clone(), store, backplane, identities.tokens.clone(), metrics);
    let single = SingleNode::hold(&parts, &config.hub.node).await.map_err(refused)?;
    hub.start().await.map_err(refused)?;

    let accounts = accounts(&config, &parts, &identities)?;
    let desk = Desk::of_hub(hub.clone(), parts.store.clone());
    let operators = operator::routes(Arc::new(desk));
    // Heard from before anybody can know that the hub is ready.
    let signals = Signals::listen()?;
    let running = bound.serve(hub.clone(), accounts, registry, operators);
    let running = running.map_err(|error| refused(error.to_string()))?;
    announce(&config, running.public);
    let why = told_to_stop(signals, &hub, single).await;
    tracing::info!(why, "stopping");
    // `/readyz` says so from here on, while clients are sent away and the others take over.
    hub.drain().await;
    if !running.finish(LAST_ANSWERS).await {
        tracing::warn!("some answers were not finished in time");
    }
    tracing::info!("stopped");
    Ok(())
}

fn register_process(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
}

/// The first line that a newcomer looks for.
fn announce(config: &Config, public: SocketAddr) {
    let kind = if config.storage.is_embedded() { "everything inside" } else { "scaled out" };
    let (version, port) = (env!("CARGO_PKG_VERSION"), public.port());
    tracing::info!("hubbub {version} ({kind}): the chat page is at http://localhost:{port}/");
}

/// The signals that end a hub.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

// === impl Signals ===

impl Signals {
    fn listen() -> Result<Self, CommandError> {
        let heard = |kind| signal(kind).map_err(|error| refused(format!("signals cannot be heard: {error}")));
        Ok(Self { terminate: heard(SignalKind::terminate())?, interrupt: heard(SignalKind::interrupt())? })
    }
}

/// Waits for a signal, for an operator's order, or for the loss of what only one node may hold.
async fn told_to_stop(mut signals: Signals, hub: &Hub, single: Option<SingleNode>) -> &'static str {
    let lost = async {
        match single {
            Some(single) => single.until_lost().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = signals.terminate.recv() => "SIGTERM",
        _ = signals.interrupt.recv() => "SIGINT",
        () = hub.drain_ordered() => "ordered by an operator",
        () = lost => "another node uses this MongoDB; set redis_url to run several",
    }
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
