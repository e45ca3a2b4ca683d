//! `hubbub probe`: measures a hub from outside.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use prometheus::Registry;
use tokio::signal::unix::{SignalKind, signal};

use super::CommandError;
use crate::app::config::{Loaded, LogConfig, PROBE_TOKEN_VARIABLE};
use crate::app::identity::{Identities, OwnKey};
use crate::app::metrics::ProcessMetrics;
use crate::app::probe::{Plan, Report, Stopped, Target, TokenSource, Watch};
use crate::app::telemetry;
use crate::domain::{Profile, UserId};
use crate::kernel::print;
use crate::kernel::units::{NoDuration, parse_duration};

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
pub(super) struct Probe {
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
    #[arg(long, value_name = "ID", default_value = "hubbub-probe", value_parser = user)]
    user: UserId,
}

/// A length of time, or none.
#[derive(Debug, Clone, Copy)]
struct Every(Option<Duration>);

fn duration_or_off(text: &str) -> Result<Every, NoDuration> {
    if text == "off" { Ok(Every(None)) } else { parse_duration(text).map(|every| Every(Some(every))) }
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|error| error.to_string())
}

// === impl Probe ===

impl Probe {
    pub(super) fn run(self, configured: impl FnOnce() -> Result<Loaded, CommandError>) -> Result<(), CommandError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| CommandError::Refused(format!("no threads can be had: {error}")))?;
        let plan = Plan {
            token: self.tokens(configured)?,
            messages: self.messages.map_or(if self.once { 10 } else { 1 }, usize::from),
            highest_rate: self.highest_rate,
            step: self.step,
            target: self.target,
            others: self.others,
        };
        if self.once {
            return told(&runtime.block_on(plan.once(self.ladder)).map_err(CommandError::Refused)?);
        }
        // The probe's own metrics tell of the hub alone.
        let uncounted = ProcessMetrics::register(&Registry::new());
        let uncounted = uncounted.map_err(|error| CommandError::Refused(error.to_string()))?;
        let _telemetry = telemetry::start(&LogConfig::default(), &uncounted.dropped_lines)?;
        let (ladder_every, listen) = (self.ladder_every.0, self.listen);
        let watch = Watch { every: self.every, ladder_every, listen, state: self.state };
        runtime.block_on(plan.watch(&watch, told_to_stop())).map_err(|stopped| match stopped {
            Stopped::Refused(_) => CommandError::NoVerdict(stopped.to_string()),
            Stopped::Mistake(sentence) => CommandError::Refused(sentence),
        })
    }

    fn tokens(&self, configured: impl FnOnce() -> Result<Loaded, CommandError>) -> Result<TokenSource, CommandError> {
        let given = self.token.clone().or_else(|| std::env::var(PROBE_TOKEN_VARIABLE).ok());
        if let Some(token) = given.filter(|token| !token.trim().is_empty()) {
            let token = token.trim().to_owned();
            return Ok(Box::new(move || Ok(token.clone())));
        }
        let own = Identities::open(&configured()?.config)?.own.ok_or_else(|| {
            let advice =
                format!("no token: give one with --token or {PROBE_TOKEN_VARIABLE}, or set jwt_secret to the hub's");
            CommandError::Refused(advice)
        })?;
        let user = self.user.clone();
        Ok(Box::new(move || mint(&own, &user)))
    }
}

fn mint(own: &OwnKey, user: &UserId) -> Result<String, String> {
    let profile = Profile { username: user.as_str().to_lowercase(), name: "hubbub probe".into() };
    own.mint(user.as_str(), &profile, TOKEN_TTL).map(|minted| minted.token).map_err(|error| error.to_string())
}

fn told(report: &Report) -> Result<(), CommandError> {
    print(&report.to_string());
    let broken = report.broken();
    match (broken.is_empty(), report.says_nothing()) {
        (true, _) => Ok(()),
        (_, true) => Err(CommandError::NoVerdict(broken.join("; "))),
        _ => Err(CommandError::Refused(broken.join("; "))),
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
