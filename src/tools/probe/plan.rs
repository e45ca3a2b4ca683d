//! Whom to probe and how, and a single look.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::bounds::NEVER_OVER;
use super::error::ProbeError;
use super::ladder::{self, Rung};
use super::link::Link;
use super::report::Report;
use super::round::{Round, Step};
use super::target::Target;
use crate::tools::token::NoToken;

/// Makes the token for an attempt: a fresh one where the key is at hand.
pub type TokenSource = Box<dyn Fn() -> Result<String, NoToken> + Send + Sync>;

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

// === impl Plan ===

impl Plan {
    /// Looks once; with `climb` the ladder too.
    ///
    /// # Errors
    /// No token can be had. Everything else stands in the report.
    pub async fn once(&self, climb: bool) -> Result<Report, NoToken> {
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

    /// Connects, sends, receives, leaves.
    pub(super) async fn round(&self, token: &str) -> Round {
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

    pub(super) async fn climb(&self, token: &str) -> Result<Vec<Rung>, ProbeError> {
        let mut link = self.connect(token, &mut None).await.map_err(|(_, error)| error)?;
        let group = link.own_group(NEVER_OVER).await?;
        let rungs = ladder::climb(&mut link, &group, self.highest_rate, self.step).await?;
        link.close().await;
        Ok(rungs)
    }

    /// The hub as it was named.
    pub(super) fn name(&self) -> String {
        let names: Vec<String> = std::iter::once(&self.target).chain(&self.others).map(Target::to_string).collect();
        names.join(" ")
    }
}

async fn connect_to(target: &Target, token: &str, place: &mut Option<Url>) -> Result<Link, (Step, ProbeError)> {
    let socket = target.socket(token, NEVER_OVER).await.map_err(|error| (Step::Locate, error))?;
    let socket = place.insert(socket);
    Link::open(socket, token, NEVER_OVER).await.map_err(|error| (Step::Connect, error))
}
