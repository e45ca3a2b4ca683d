//! The command line: which command it names, and the code with which that one ends.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use prometheus::Registry;

use super::error::CommandError;
use super::{admin, config, health, settings, token, tools};
use crate::app::config::{Loaded, Mistakes, Sources, load};
use crate::app::metrics::ProcessMetrics;
use crate::app::{serve as node, telemetry};
use crate::tools::bench::Bench;
use crate::tools::capacity::Capacity;
use crate::tools::probe::Probe;

const EXAMPLES: &str = "\
Examples:
  hubbub                                      one node, everything inside, data in ./data
  hubbub --listen 127.0.0.1:9000 --data-dir /var/lib/hubbub
  HUBBUB_JWT_SECRET=… hubbub --redis-url redis://r --mongodb-url mongodb://m/?replicaSet=rs0
  hubbub token --user anna                    a token to try things with
  hubbub admin users                          who is there
  hubbub probe --once                         is it well, seen from outside
  hubbub config check                         every mistake in the configuration at once
  hubbub capacity --users 20000               how many machines that takes

Each setting is also a variable (--max-text is HUBBUB_MAX_TEXT) and a key in hubbub.toml (max_text).";

/// A group-chat hub that grows by adding nodes.
///
/// Without a command it serves. With nothing configured it is one node with everything inside;
/// Redis and MongoDB make it many.
#[derive(Debug, Parser)]
#[command(name = "hubbub", version, after_help = EXAMPLES, args_conflicts_with_subcommands = false)]
struct Cli {
    /// Read settings from this TOML file [default: hubbub.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the hub (the same as no command)
    Serve,
    Bench(Bench),
    Capacity(Box<Capacity>),
    Probe(Probe),
    Token(token::Token),
    Admin(admin::Admin),
    Config(config::Config),
    Health(health::Health),
}

/// The exit code when the hub could not be measured.
const NO_VERDICT: u8 = 3;

/// The whole command line: each command with its arguments.
pub fn command_line() -> clap::Command {
    settings::add_to(Cli::command())
}

/// Does what the arguments say. Problems go to standard error, in a sentence each.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match command_line().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        // Help and version are such "errors" too, with a code of their own.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1));
        }
    };
    match dispatch(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not by `eprintln!`: it waits for whoever does not read, and panics when nobody is there.
            telemetry::last_words(&format!("hubbub: {error}"));
            if error.says_nothing() { NO_VERDICT.into() } else { ExitCode::FAILURE }
        }
    }
}

fn dispatch(matches: &ArgMatches) -> Result<(), CommandError> {
    let cli = Cli::from_arg_matches(matches).map_err(|error| CommandError::Refused(error.to_string()))?;
    let flags = settings::given(matches);
    let configured = || -> Result<Loaded, CommandError> {
        let sources = Sources::of_process(cli.config.as_deref(), flags).map_err(|mistake| Mistakes(vec![mistake]))?;
        Ok(load(&sources)?)
    };
    match cli.command {
        None | Some(Command::Serve) => serve(configured()?),
        Some(Command::Bench(bench)) => tools::bench(bench, configured),
        Some(Command::Probe(probe)) => tools::probe(probe, configured),
        Some(Command::Capacity(capacity)) => tools::capacity(*capacity),
        Some(Command::Token(token)) => token.run(&configured()?),
        Some(Command::Admin(admin)) => admin.run(&configured()?),
        Some(Command::Config(config)) => config.run(configured),
        Some(Command::Health(health)) => health.run(&configured()?),
    }
}

fn serve(loaded: Loaded) -> Result<(), CommandError> {
    let registry = Registry::new();
    let metrics = ProcessMetrics::register(&registry).map_err(|error| CommandError::Refused(error.to_string()))?;
    let _telemetry = telemetry::start(&loaded.config.log, &metrics.dropped_lines)?;
    node::run(loaded.config, registry, metrics)
}

#[cfg(test)]
mod tests;
