//! Serving: the parts are put together, run, and taken down in phases.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use prometheus::Registry;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::backends::{Backends, SingleNode};
use super::cli::CommandError;
use super::config::Config;
use super::identity::Identities;
use super::metrics::ProcessMetrics;
use super::operator::{self, AdminService};
use super::waiting::{NODES, REDIS, Waiting};
use crate::adapters::local::FileJournal;
use crate::hub::{Hub, Metrics, Optional};
use crate::identity::accounts::{BuiltInAccounts, GroupPasswords};
use crate::ports::{Accounts, Journal, NodeRole};
use crate::transport::Bound;

/// Answers under way when the hub ends may take so long to finish.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// And what runs on threads of its own so long after that.
const LAST_LOOKS: Duration = Duration::from_secs(1);

/// Runs a node until it is told to stop. What it counts is registered in `registry`.
///
/// # Errors
/// A part cannot do what is needed, or is not there in time; a port is taken. A sentence says what to do.
pub fn run(config: Config, registry: Registry, metrics: ProcessMetrics) -> Result<(), CommandError> {
    let runtime = runtime(config.process.worker_threads);
    let runtime = runtime.map_err(|error| refused(format!("no threads can be had: {error}")))?;
    let ended = runtime.block_on(serve(config, registry, metrics));
    // A name that is still being looked up holds nobody up.
    runtime.shutdown_timeout(LAST_LOOKS);
    ended
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

async fn serve(mut config: Config, registry: Registry, metrics: ProcessMetrics) -> Result<(), CommandError> {
    // One is enough for all: which one it is, is all the same to whoever comes second.
    let _ = rustls::crypto::ring::default_provider().install_default();
    config.limit_connections(super::open_files::room_for(config.hub.max_connections));
    // Ports first: a second hub on this machine is told before it touches anything.
    let bound = Bound::new(config.transport.clone())
        .map_err(|error| refused(format!("{error}; set another address for it, or end what uses it")))?;
    let identities = Identities::open(&config)?;
    let mut signals = Signals::listen()?;
    let waiting = Waiting::new(config.process.start_timeout, metrics.waiting);
    let running = bound.open(registry.clone(), waiting.sentence());
    let running = running.map_err(|error| refused(error.to_string()))?;
    let started = tokio::select! {
        node = Node::start(&config, &identities, &registry, &waiting) => Some(node?),
        why = signals.heard() => {
            tracing::info!(why, "stopping before the hub was there");
            None
        }
    };
    if let Some(node) = started {
        running.serve(node.hub.clone(), node.accounts, node.operators);
        announce(&config, running.public);
        let why = told_to_stop(&mut signals, &node.hub, node.single).await;
        tracing::info!(why, "stopping");
        tokio::select! {
            // `/readyz` says so from here on, while clients are sent away and the others take over.
            () = node.hub.drain() => {}
            why = signals.heard() => {
                tracing::warn!(why, "told once more: stopping at once; what was acked is stored, the others take over as from a dead node");
                return Ok(());
            }
        }
    }
    if !running.finish(LAST_ANSWERS).await {
        tracing::warn!("some answers were not finished in time");
    }
    tracing::info!("stopped");
    Ok(())
}

/// A hub that has begun, and what is served with it.
struct Node {
    hub: Arc<Hub>,
    accounts: Option<Arc<dyn Accounts>>,
    operators: Router,
    single: Option<SingleNode>,
}

// === impl Node ===

impl Node {
    /// Puts the parts together, once they are there.
    async fn start(
        config: &Config,
        identities: &Identities,
        registry: &Registry,
        waiting: &Waiting,
    ) -> Result<Self, CommandError> {
        identities.prefetch().await;
        let parts = Backends::open(config, waiting).await?;
        let metrics = Metrics::register(registry).map_err(|error| refused(error.to_string()))?;
        let (store, backplane) = (parts.store.clone(), parts.backplane.clone());
        let accounts = accounts(config, &parts, identities)?;
        let passwords = GroupPasswords::new(&config.accounts);
        let passwords = passwords.map_err(|refusal| refused(refusal.message.to_string()))?;
        let optional = Optional { journal: journal(config)?, passwords: Some(Arc::new(passwords)) };
        let hub = Hub::new(config.hub.clone(), store, backplane, identities.tokens.clone(), metrics, optional);
        let single = SingleNode::hold(&parts, &config.hub.node, waiting).await?;
        waiting.until(NODES, async || hub.check_roles().await).await?;
        waiting.until(REDIS, async || hub.start().await).await?;
        let desk = AdminService::of_hub(hub.clone(), parts.store.clone());
        Ok(Self { hub, accounts, operators: operator::routes(Arc::new(desk)), single })
    }
}

/// The journal, where one is to be kept.
fn journal(config: &Config) -> Result<Option<Arc<dyn Journal>>, CommandError> {
    let Some(directory) = &config.process.journal else { return Ok(None) };
    let journal = FileJournal::open(directory, &config.hub.node).map_err(|error| {
        refused(format!("the journal cannot be written to {}: {error}; set another directory", directory.display()))
    })?;
    Ok(Some(Arc::new(journal)))
}

/// The first line that a newcomer looks for.
fn announce(config: &Config, public: SocketAddr) {
    let kind = if config.storage.is_embedded() { "everything inside" } else { "scaled out" };
    let (version, port) = (env!("CARGO_PKG_VERSION"), public.port());
    if config.hub.roles.has(NodeRole::Clients) {
        tracing::info!("hubbub {version} ({kind}): the chat page is at http://localhost:{port}/");
    } else {
        tracing::info!("hubbub {version} ({kind}) takes no clients: its roles are {}", config.hub.roles);
    }
}

/// The signals that end a hub.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// The terminal closes; absent where whoever started the hub has it ignored, as `nohup` does.
    hangup: Option<Signal>,
}

// === impl Signals ===

impl Signals {
    fn listen() -> Result<Self, CommandError> {
        let heard = |kind| signal(kind).map_err(|error| refused(format!("signals cannot be heard: {error}")));
        let hangup = if ignores_hangup() { None } else { Some(heard(SignalKind::hangup())?) };
        Ok(Self { terminate: heard(SignalKind::terminate())?, interrupt: heard(SignalKind::interrupt())?, hangup })
    }

    /// Waits for the next one.
    async fn heard(&mut self) -> &'static str {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = hangup => "SIGHUP",
        }
    }
}

/// Whether this process was started with SIGHUP ignored, as Linux tells.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Waits for a signal, for an operator's order, or for the loss of what only one node may hold.
async fn told_to_stop(signals: &mut Signals, hub: &Hub, single: Option<SingleNode>) -> &'static str {
    let lost = async {
        match single {
            Some(single) => single.until_lost().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        why = signals.heard() => why,
        () = hub.drain_ordered() => "ordered by an operator",
        () = lost => "another node uses this MongoDB; set redis_url to run several",
    }
}

/// Built-in accounts, where they are on and the hub has a key to sign their tokens with.
fn accounts(
    config: &Config,
    parts: &Backends,
    identities: &Identities,
) -> Result<Option<Arc<dyn Accounts>>, CommandError> {
    let Some(own) = identities.own.as_ref().filter(|_| config.auth.accounts_enabled()) else { return Ok(None) };
    let accounts = BuiltInAccounts::new(parts.store.clone(), own.key.clone(), own.prefix, &config.accounts);
    let accounts = accounts.map_err(|refusal| refused(refusal.message.to_string()))?;
    Ok(Some(Arc::new(accounts)))
}

fn refused(why: impl Into<String>) -> CommandError {
    CommandError::Refused(why.into())
}
