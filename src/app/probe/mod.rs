//! `hubbub probe`: a user from outside who sends to themself, over a real WebSocket, and measures.
//!
//! - [`target`]: which hub, and where its WebSocket is; - [`link`]: the connection;
//! - [`ladder`]: rising rates; - [`maturity`]: uptime, MTBF and MTRS over restarts;
//! - [`metrics`]: its own `/metrics`; - [`report`]: the table of a single look.

mod error;
mod ladder;
mod link;
mod maturity;
mod metrics;
mod report;
mod target;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, MissedTickBehavior, interval};
use url::Url;

pub use error::ProbeError;
pub use ladder::{Capacity, Rung};
pub use maturity::{Maturity, StateError};
pub use report::Report;
pub use target::Target;

use crate::domain::now_ms;
use link::Link;
use metrics::ProbeMetrics;

/// A message through the whole pipeline takes no longer, ideally.
pub const IDEAL: Duration = Duration::from_secs(1);
/// And never longer than this.
pub const NEVER_OVER: Duration = Duration::from_secs(10);
/// After so many intervals without a look nobody was watching.
const WATCHED_INTERVALS: u32 = 3;

/// Makes the token for an attempt: a fresh one where the key is at hand.
pub type TokenSource = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// Whom to probe, and how.
pub struct Plan {
    /// The hub.
    pub target: Target,
    /// Further addresses of it, for when nobody answers at the first.
    pub others: Vec<Target>,
    /// Who the probe is.
    pub token: TokenSource,
    /// Messages of an attempt.
    pub messages: usize,
    /// The highest rate that a ladder tries, in messages a second.
    pub highest_rate: f64,
    /// How long each rate is kept up.
    pub step: Duration,
}

/// How a probe that stays goes on.
pub struct Watch {
    /// From one attempt to the next.
    pub every: Duration,
    /// From one ladder to the next; `None` for none.
    pub ladder_every: Option<Duration>,
    /// Where `/metrics` is served.
    pub listen: SocketAddr,
    /// Where uptime, MTBF and MTRS are kept.
    pub state: PathBuf,
}

/// Why a probe that was to stay does not.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// It may not look any more, and has counted nothing against the hub.
    #[error(transparent)]
    Refused(ProbeError),
    /// It cannot work as it was told to.
    #[error("{0}")]
    Mistake(String),
}

impl From<String> for Stopped {
    fn from(sentence: String) -> Self {
        Stopped::Mistake(sentence)
    }
}

impl From<StateError> for Stopped {
    fn from(error: StateError) -> Self {
        Stopped::Mistake(error.to_string())
    }
}

/// The steps of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Finding out where to connect.
    Locate,
    /// Connecting, until the welcome.
    Connect,
    /// A message to oneself.
    Message,
}

/// One attempt.
#[derive(Debug)]
pub struct Round {
    /// Where it connected.
    pub socket: Option<Url>,
    /// From the beginning to the welcome.
    pub connected: Option<Duration>,
    /// What each message took.
    pub messages: Vec<Duration>,
    /// The step that failed, and why.
    pub failed: Option<(Step, ProbeError)>,
}

// === impl Step ===

impl Step {
    /// All of them, in their order.
    pub const ALL: [Step; 3] = [Step::Locate, Step::Connect, Step::Message];

    fn name(self) -> &'static str {
        match self {
            Step::Locate => "locate",
            Step::Connect => "connect",
            Step::Message => "message",
        }
    }
}

// === impl Plan ===

impl Plan {
    /// Looks once; with `climb` the ladder too.
    ///
    /// # Errors
    /// No token can be had. Everything else stands in the report.
    pub async fn once(&self, climb: bool) -> Result<Report, String> {
        let token = (self.token)()?;
        let mut round = self.round(&token).await;
        let mut rungs = Vec::new();
        if climb && round.failed.is_none() {
            match self.climb(&token).await {
                Ok(climbed) => rungs = climbed,
                Err(error) => round.failed = Some((Step::Message, error)),
            }
        }
        Ok(Report { target: self.name(), round, rungs })
    }

    /// Looks again and again, until told to stop.
    ///
    /// # Errors
    /// The URL is wrong, the token is not or no longer accepted, the port is taken, the state cannot be
    /// kept. A hub that is down is no error: that is what the probe is there to see.
    pub async fn watch(&self, watch: &Watch, stop: impl Future<Output = ()>) -> Result<(), Stopped> {
        let mut state = Maturity::open(&watch.state, &self.name(), now_ms())?;
        let metrics = ProbeMetrics::new().map_err(|error| error.to_string())?;
        let listener = TcpListener::bind(watch.listen).await;
        let listener = listener.map_err(|error| format!("{}: {error}; choose another with --listen", watch.listen))?;
        tracing::info!(hub = self.name(), "probing; metrics at http://{}/metrics", watch.listen);
        let served = axum::serve(listener, metrics.routes()).into_future();
        tokio::select! {
            served = served => served.map_err(|error| error.to_string().into()),
            ended = self.look_again(watch, &metrics, &mut state) => ended,
            () = stop => Ok(()),
        }
    }

    async fn look_again(&self, watch: &Watch, metrics: &ProbeMetrics, state: &mut Maturity) -> Result<(), Stopped> {
        let mut tick = interval(watch.every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut climbed: Option<Instant> = None;
        // An attempt may last as long as each of its steps may.
        let watched = watch.every * WATCHED_INTERVALS + 3 * NEVER_OVER + self.step * 20;
        let mut first = true;
        loop {
            tick.tick().await;
            let token = (self.token)()?;
            let round = self.round(&token).await;
            let error = round.failed.as_ref().map(|(_, error)| error);
            if error.is_some_and(|error| error.is_final() || first && error.is_mistake()) {
                return round.failed.map_or(Ok(()), |(_, error)| Err(Stopped::Refused(error)));
            }
            first = false;
            if let Some(error @ ProbeError::Lack { .. }) = error {
                tracing::warn!(%error, "the probe could not look");
                continue;
            }
            metrics.round(&round, now_ms() as f64 / 1e3);
            state.saw(now_ms(), round.failed.is_none(), watched);
            state.keep(&watch.state)?;
            metrics.maturity(state);
            match &round.failed {
                Some((step, error)) => tracing::warn!(step = step.name(), %error, "the hub did not serve the probe"),
                None if watch.ladder_every.is_some_and(|every| climbed.is_none_or(|at| at.elapsed() >= every)) => {
                    climbed = Some(Instant::now());
                    self.measure_channel(&token, metrics).await;
                }
                None => {}
            }
        }
    }

    async fn measure_channel(&self, token: &str, metrics: &ProbeMetrics) {
        match self.climb(token).await {
            Ok(rungs) => {
                let capacity = Capacity::of(&rungs);
                metrics.channel(capacity);
                tracing::info!(within_1s = capacity.within_ideal, within_10s = capacity.within_bound, "climbed");
            }
            Err(error) => tracing::warn!(%error, "the ladder broke off"),
        }
    }

    /// Connects, sends, receives, leaves.
    async fn round(&self, token: &str) -> Round {
        let mut round = Round { socket: None, connected: None, messages: Vec::new(), failed: None };
        if let Err(failed) = self.try_round(token, &mut round).await {
            round.failed = Some(failed);
        }
        round
    }

    async fn try_round(&self, token: &str, round: &mut Round) -> Result<(), (Step, ProbeError)> {
        let at = |step| move |error| (step, error);
        let started = Instant::now();
        let mut link = self.connect(token, &mut round.socket).await?;
        round.connected = Some(started.elapsed());
        let group = link.own_group(NEVER_OVER).await.map_err(at(Step::Message))?;
        for _ in 0..self.messages {
            link.send(&group).await.map_err(at(Step::Message))?;
            let returned = link.returned(NEVER_OVER).await.map_err(at(Step::Message))?;
            round.messages.push(returned.took);
        }
        link.close().await;
        Ok(())
    }

    /// Finds out where to connect, and does; at the next address where nobody answers at one.
    async fn connect(&self, token: &str, place: &mut Option<Url>) -> Result<Link, (Step, ProbeError)> {
        let mut tried = connect_to(&self.target, token, place).await;
        for other in &self.others {
            if !matches!(tried, Err((_, ProbeError::Unreachable { .. }))) {
                break;
            }
            tried = connect_to(other, token, place).await;
        }
        tried
    }

    async fn climb(&self, token: &str) -> Result<Vec<Rung>, ProbeError> {
        let mut link = self.connect(token, &mut None).await.map_err(|(_, error)| error)?;
        let group = link.own_group(NEVER_OVER).await?;
        let rungs = ladder::climb(&mut link, &group, self.highest_rate, self.step).await?;
        link.close().await;
        Ok(rungs)
    }

    /// The hub as it was named.
    fn name(&self) -> String {
        let names: Vec<String> = std::iter::once(&self.target).chain(&self.others).map(Target::to_string).collect();
        names.join(" ")
    }
}

async fn connect_to(target: &Target, token: &str, place: &mut Option<Url>) -> Result<Link, (Step, ProbeError)> {
    let socket = target.socket(token, NEVER_OVER).await.map_err(|error| (Step::Locate, error))?;
    let socket = place.insert(socket);
    Link::open(socket, token, NEVER_OVER).await.map_err(|error| (Step::Connect, error))
}
