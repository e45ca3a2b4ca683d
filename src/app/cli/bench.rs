//! `hubbub bench`: load, contract and figures.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::CommandError;
use crate::app::bench::{Mode, Plan, Unmeasured, Verdict, run};
use crate::app::config::Loaded;
use crate::app::identity::Identities;
use crate::domain::Profile;
use crate::kernel::print;
use crate::protocol::Encoding;

const EXAMPLES: &str = "\
Examples:
  hubbub bench --clients 100 --groups 10 --rate 50
  hubbub bench --node 127.0.0.1:8080,127.0.0.1:8180 --clients 1000 --groups 10 --rate 300 --pid $A,$B,$REDIS
  hubbub bench --saturate --encoding msgpack
  hubbub bench --deep 1000000 --clients 2
  hubbub bench --idle --clients 10000 --seconds 60 --pid $HUB

The hub must take so many connections from one address and members in a group:
HUBBUB_MAX_CONNECTIONS_PER_ADDRESS, HUBBUB_MAX_MEMBERS, and for --saturate the rates.
Exit code 0 only when the delivery contract was held; 3 when the run says nothing about the hub.";

/// Tokens last so much longer than the load.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// Load a hub, hold it to its contract, and set the figures beside the machine's floor.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Bench {
    /// Nodes, host:port, separated by commas
    #[arg(long, default_value = "127.0.0.1:8080", value_delimiter = ',')]
    node: Vec<String>,
    /// Clients, spread over nodes and groups
    #[arg(long, default_value_t = 100)]
    clients: usize,
    /// Groups
    #[arg(long, default_value_t = 10)]
    groups: usize,
    /// Messages a second, over all groups
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// How long the load lasts
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How frames are encoded
    #[arg(long, value_enum, default_value_t = Frames::Json)]
    encoding: Frames,
    /// Bytes of a text
    #[arg(long, default_value_t = 100)]
    text: usize,
    /// Processes whose use is measured, separated by commas: nodes, Redis
    #[arg(long, value_delimiter = ',')]
    pid: Vec<u32>,
    /// Processes whose use is told apart: MongoDB
    #[arg(long, value_delimiter = ',')]
    store_pid: Vec<u32>,
    /// As much as the hub takes, with so many sends of each group under way; without a number, as many
    /// as bring the most deliveries
    #[arg(long, value_name = "WINDOW", num_args = 0..=1, default_missing_value = "0")]
    saturate: Option<usize>,
    /// Only hold the connections
    #[arg(long, conflicts_with_all = ["saturate", "reconnect_storm"])]
    idle: bool,
    /// Cut all connections in the middle of the load; all come back at once
    #[arg(long, conflicts_with = "saturate")]
    reconnect_storm: bool,
    /// Fill one group with so many messages, and time history and resuming on the way
    #[arg(long, value_name = "MESSAGES", conflicts_with_all = ["saturate", "idle", "reconnect_storm", "groups"])]
    deep: Option<u64>,
    /// Connections opened at the same time
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Also write the figures as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Frames {
    Json,
    Msgpack,
}

// === impl Bench ===

impl Bench {
    pub(super) fn run(self, configured: impl FnOnce() -> Result<Loaded, CommandError>) -> Result<(), CommandError> {
        let plan = self.plan(&configured()?)?;
        // One thread connects and sends, another one reads: who measures leaves the cores to what is measured.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CommandError::Refused(format!("the bench cannot start: {error}")))?;
        let report = runtime.block_on(run(&plan)).map_err(|unmeasured| match unmeasured {
            Unmeasured::Hub(sentence) => CommandError::Refused(sentence),
            Unmeasured::Run(sentence) => CommandError::NoVerdict(sentence),
        })?;
        print(&report.to_string());
        if let Some(path) = &self.json {
            let json = serde_json::to_vec_pretty(&report).map_err(|error| CommandError::Refused(error.to_string()))?;
            std::fs::write(path, json)
                .map_err(|error| CommandError::File { path: path.display().to_string(), error })?;
        }
        match report.verdict() {
            Verdict::Held => Ok(()),
            Verdict::Broken => Err(CommandError::Refused("the delivery contract was broken".into())),
            Verdict::None => Err(CommandError::NoVerdict(format!("the hub closed {} connections", report.closed))),
        }
    }

    fn plan(&self, loaded: &Loaded) -> Result<Plan, CommandError> {
        let groups = if self.deep.is_some() { 1 } else { self.groups };
        if self.node.is_empty() || self.clients < groups || groups == 0 {
            return Err(CommandError::Refused("give at least one node, one group, and a client for each group".into()));
        }
        let mode = match (self.saturate, self.idle, self.reconnect_storm) {
            (Some(window), ..) => Mode::Saturate { window: (window > 0).then_some(window) },
            (_, true, _) => Mode::Idle,
            (.., true) => Mode::ReconnectStorm,
            _ => self.deep.map_or(Mode::Rate, |messages| Mode::Deep { messages }),
        };
        Ok(Plan {
            nodes: self.node.clone(),
            tokens: self.tokens(loaded)?,
            groups,
            rate: self.rate,
            duration: Duration::from_secs(self.seconds),
            encoding: match self.encoding {
                Frames::Json => Encoding::Json,
                Frames::Msgpack => Encoding::MsgPack,
            },
            text: self.text,
            pids: self.pid.clone(),
            store_pids: self.store_pid.clone(),
            mode,
            at_once: self.at_once.max(1),
        })
    }

    fn tokens(&self, loaded: &Loaded) -> Result<Vec<(String, String)>, CommandError> {
        let own = Identities::open(&loaded.config)?
            .own
            .ok_or_else(|| CommandError::Refused("no key to make tokens with; set jwt_secret to the hub's".into()))?;
        let mint = |i: usize| {
            let user = format!("bench-{i}");
            let profile = Profile { username: user.clone(), name: user.clone() };
            let minted = own.mint(&user, &profile, TOKEN_TTL + Duration::from_secs(self.seconds));
            minted.map(|minted| (user, minted.token)).map_err(|error| CommandError::Refused(error.to_string()))
        };
        (0..self.clients).map(mint).collect()
    }
}
