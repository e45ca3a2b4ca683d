//! `hubbub probe`: measures a hub from outside.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::plan::{Plan, TokenSource};
use super::report::Report;
use super::target::Target;
use super::watch::{Stopped, Watch};
use crate::domain::{Profile, UserId};
use crate::kernel::print;
use crate::kernel::units::{NoDuration, parse_duration};
use crate::tools::token::{Mint, NoToken};

/// The environment variable that holds the token.
pub const TOKEN_VARIABLE: &str = "HUBBUB_PROBE_TOKEN";

const EXAMPLES: &str = "\
Examples:
  hubbub probe --once http://127.0.0.1:8080           one look, a table, an exit code
  hubbub probe --once --ladder wss://chat.example.org/ws
  hubbub probe --every 5s --listen 127.0.0.1:9464     stays; Prometheus reads http://127.0.0.1:9464/metrics

The token is --token, else the variable HUBBUB_PROBE_TOKEN, else one made with the configured key
(jwt_secret, a private jwt_key_file, or the one in the data directory). Its messages go to a group of
its own and are kept as long as everybody's. --ladder ends where the hub's rate limits do.
When the hub refuses the token, or sends the probe away, it ends: that is no outage of the hub's.
Exit code 0 with --once only when the message came back within 10 s; 3 when it says nothing about the hub.";

/// Longer than an attempt with a ladder takes; a new token is made for each.
const TOKEN_TTL: Duration = Duration::from_secs(3600);

/// Measure a hub from outside: connect, send to oneself, receive.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Probe {
    /// The hub: its address, its /chat/location, or a WebSocket URL
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = Target::parse)]
    target: Target,
    /// Further addresses of it, for when nobody answers at the first
    #[arg(value_name = "URL", value_parser = Target::parse)]
    others: Vec<Target>,
    /// Look once, print a table, and end
    #[arg(long)]
    once: bool,
    /// With --once: also find the highest rate that a channel carries
    #[arg(long, requires = "once")]
    ladder: bool,
    /// Messages of a look [default: 10 with --once, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    messages: Option<u16>,
    /// The highest rate tried, in messages a second
    #[arg(long, value_name = "RATE", default_value_t = 20.0)]
    highest_rate: f64,
    /// How long each rate is kept up
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    step: Duration,
    /// From one look to the next
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration, conflicts_with = "once")]
    every: Duration,
    /// From one ladder to the next, or `off`
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration_or_off, conflicts_with = "once")]
    ladder_every: Every,
    /// Where its own /metrics is
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464", conflicts_with = "once")]
    listen: SocketAddr,
    /// Where uptime, MTBF and MTRS are kept over restarts
    #[arg(long, value_name = "FILE", default_value = "hubbub-probe.json", conflicts_with = "once")]
    state: PathBuf,
    /// The token of the user who probes (other users of this machine can see it; prefer the variable)
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Who probes, when the token is made here
    #[arg(long, value_name = "ID", default_value = "hubbub-probe", value_parser = UserId::parse)]
    user: UserId,
}

/// A length of time, or none.
#[derive(Debug, Clone, Copy)]
struct Every(Option<Duration>);

/// Why the command ended without having found the hub well.
#[derive(Debug, thiserror::Error)]
pub enum ProbeFailed {
    /// This machine has no runtime for it.
    #[error("no threads can be had: {0}")]
    Start(#[source] io::Error),
    /// It has nothing to show to the hub.
    #[error(transparent)]
    Token(#[from] NoToken),
    /// The hub did not keep to its objectives, in sentences.
    #[error("{0}")]
    Broken(String),
    /// The look says nothing about the hub, in sentences.
    #[error("no verdict on the hub: {0}")]
    NoVerdict(String),
    /// It was to stay, and does not.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

fn duration_or_off(text: &str) -> Result<Every, NoDuration> {
    if text == "off" { Ok(Every(None)) } else { parse_duration(text).map(|every| Every(Some(every))) }
}

// === impl Probe ===

impl Probe {
    /// Looks, once or again and again. The caller makes the tokens' maker where no token is given, starts the logs of a
    /// probe that stays, and has errors of its own.
    ///
    /// # Errors
    /// The hub is not well, or nothing can be said of it.
    pub fn run<E: From<ProbeFailed>, L>(
        self,
        mint: impl FnOnce() -> Result<Mint, E>,
        start_logs: impl FnOnce() -> Result<L, E>,
    ) -> Result<(), E> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(ProbeFailed::Start)?;
        let plan = Plan {
            token: self.tokens(mint)?,
            messages: self.messages.map_or(if self.once { 10 } else { 1 }, usize::from),
            highest_rate: self.highest_rate,
            step: self.step,
            target: self.target,
            others: self.others,
        };
        if self.once {
            let report = runtime.block_on(plan.once(self.ladder)).map_err(ProbeFailed::Token)?;
            return Ok(told(&report)?);
        }
        let _logs = start_logs()?;
        let (ladder_every, listen) = (self.ladder_every.0, self.listen);
        let watch = Watch { every: self.every, ladder_every, listen, state: self.state };
        Ok(runtime.block_on(plan.watch(&watch, told_to_stop())).map_err(ProbeFailed::Stopped)?)
    }

    fn tokens<E>(&self, mint: impl FnOnce() -> Result<Mint, E>) -> Result<TokenSource, E> {
        let given = self.token.clone().or_else(|| std::env::var(TOKEN_VARIABLE).ok());
        if let Some(token) = given.filter(|token| !token.trim().is_empty()) {
            let token = token.trim().to_owned();
            return Ok(Box::new(move || Ok(token.clone())));
        }
        let (mint, user) = (mint()?, self.user.clone());
        let profile = Profile { username: user.as_str().to_lowercase(), name: "hubbub probe".into() };
        Ok(Box::new(move || mint(user.as_str(), &profile, TOKEN_TTL)))
    }
}

// === impl ProbeFailed ===

impl ProbeFailed {
    /// Whether the probe says nothing about the hub, through no fault of the hub's.
    pub fn says_nothing(&self) -> bool {
        matches!(self, ProbeFailed::NoVerdict(_) | ProbeFailed::Stopped(Stopped::Refused(_)))
    }
}

fn told(report: &Report) -> Result<(), ProbeFailed> {
    print(&report.to_string());
    let broken = report.broken();
    match (broken.is_empty(), report.says_nothing()) {
        (true, _) => Ok(()),
        (_, true) => Err(ProbeFailed::NoVerdict(broken.join("; "))),
        _ => Err(ProbeFailed::Broken(broken.join("; "))),
    }
}

async fn told_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without signals to hear, only SIGKILL ends it.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
