//! A probe that stays, and looks again and again.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::bounds::NEVER_OVER;
use super::error::ProbeError;
use super::ladder::Capacity;
use super::maturity::{Maturity, StateError};
use super::metrics::ProbeMetrics;
use super::plan::Plan;
use crate::domain::now_ms;
use crate::tools::token::NoToken;

/// After so many intervals without a look nobody was watching.
const WATCHED_INTERVALS: u32 = 3;

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
    #[error("no verdict on the hub: {0}")]
    Refused(#[source] ProbeError),
    /// It has nothing to show to the hub.
    #[error(transparent)]
    Token(#[from] NoToken),
    /// What it saw cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// What it saw cannot be counted.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    /// Its port is taken.
    #[error("{address}: {error}; choose another with --listen")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What happened.
        #[source]
        error: io::Error,
    },
    /// Its metrics are served no more.
    #[error(transparent)]
    Serve(io::Error),
}

impl Plan {
    /// Looks again and again, until told to stop.
    ///
    /// # Errors
    /// The URL is wrong, the token is not or no longer accepted, the port is taken, the state cannot be
    /// kept. A hub that is down is no error: that is what the probe is there to see.
    pub async fn watch(&self, watch: &Watch, stop: impl Future<Output = ()>) -> Result<(), Stopped> {
        let mut state = Maturity::open(&watch.state, &self.name(), now_ms())?;
        let metrics = ProbeMetrics::new()?;
        let listener = TcpListener::bind(watch.listen).await;
        let listener = listener.map_err(|error| Stopped::Listen { address: watch.listen, error })?;
        tracing::info!(hub = self.name(), "probing; metrics at http://{}/metrics", watch.listen);
        let served = axum::serve(listener, metrics.routes()).into_future();
        tokio::select! {
            served = served => served.map_err(Stopped::Serve),
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
}
