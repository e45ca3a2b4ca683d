//! `hubbub bench`: load, contract and figures.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::error::BenchError;
use super::plan::{Mode, Plan};
use super::report::Verdict;
use super::run::run;
use crate::domain::Profile;
use crate::kernel::print;
use crate::protocol::Encoding;
use crate::tools::token::{Mint, NoToken};

const EXAMPLES: &str = "\
Examples:
  hubbub bench --clients 100 --groups 10 --rate 50
  hubbub bench --node 127.0.0.1:8080,127.0.0.1:8180 --clients 1000 --groups 10 --rate 300 --pid $A,$B,$REDIS
  hubbub bench --saturate --encoding msgpack
  hubbub bench --mix --clients 100 --groups 10 --rate 100
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
pub struct Bench {
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
    /// Do what people do all day, in place of texts alone: texts 70 %, reactions 20 %, edits 3 %, reads 5 %,
    /// typing 2 %; --rate is that of all of it, and figures are told by kind
    #[arg(long, conflicts_with_all = ["saturate", "idle", "deep"])]
    mix: bool,
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
    /// Runs, prints the figures, and says whether the contract was held. The caller makes the tokens' maker once it is
    /// needed, and has errors of its own.
    ///
    /// # Errors
    /// The contract was broken, or nothing can be said of it.
    pub fn run<E: From<BenchError>>(self, mint: impl FnOnce() -> Result<Mint, E>) -> Result<(), E> {
        if self.node.is_empty() || self.clients < self.groups() || self.groups() == 0 {
            return Err(BenchError::NothingToDo.into());
        }
        let tokens = self.tokens(&mint()?).map_err(BenchError::Token)?;
        Ok(self.measure(&self.plan(tokens))?)
    }

    fn measure(&self, plan: &Plan) -> Result<(), BenchError> {
        // One thread connects and sends, another one reads: who measures leaves the cores to what is measured.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let report = runtime.map_err(BenchError::Start)?.block_on(run(plan))?;
        print(&report.to_string());
        if let Some(path) = &self.json {
            let json = serde_json::to_vec_pretty(&report)?;
            let failed = |error| BenchError::File { path: path.display().to_string(), error };
            std::fs::write(path, json).map_err(failed)?;
        }
        match report.verdict() {
            Verdict::Held => Ok(()),
            Verdict::Broken => Err(BenchError::Broken),
            Verdict::None => Err(BenchError::CutOff { closed: report.closed }),
        }
    }

    fn groups(&self) -> usize {
        if self.deep.is_some() { 1 } else { self.groups }
    }

    fn plan(&self, tokens: Vec<(String, String)>) -> Plan {
        let mode = match (self.saturate, self.idle, self.reconnect_storm) {
            (Some(window), ..) => Mode::Saturate { window: (window > 0).then_some(window) },
            (_, true, _) => Mode::Idle,
            (.., true) => Mode::ReconnectStorm,
            _ => self.deep.map_or(Mode::Rate, |messages| Mode::Deep { messages }),
        };
        Plan {
            nodes: self.node.clone(),
            tokens,
            groups: self.groups(),
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
            mix: self.mix,
            at_once: self.at_once.max(1),
        }
    }

    /// A token for each client, with its user.
    fn tokens(&self, mint: &Mint) -> Result<Vec<(String, String)>, NoToken> {
        let token = |i: usize| {
            let user = format!("bench-{i}");
            let profile = Profile { username: user.clone(), name: user.clone() };
            let token = mint(&user, &profile, TOKEN_TTL + Duration::from_secs(self.seconds))?;
            Ok((user, token))
        };
        (0..self.clients).map(token).collect()
    }
}
