//! `hubbub config`: what is in effect, and what is wrong with it.

use clap::{Args, Subcommand};

use super::error::CommandError;
use crate::app::config::{Loaded, docs, show};
use crate::app::identity::Identities;
use crate::kernel::print;

const EXAMPLES: &str = "\
Examples:
  hubbub config check
  hubbub --config /etc/hubbub.toml config show
  HUBBUB_MAX_TEXT=many hubbub config check    tells what was expected";

/// Look at the configuration.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell every mistake at once, and read the keys
    Check,
    /// Print all settings as TOML with where they come from; secrets are masked
    Show,
    /// Print the page that describes all settings, in Markdown
    Docs,
}

// === impl Config ===

impl Config {
    /// Prints what was asked for.
    pub(super) fn run(self, configured: impl FnOnce() -> Result<Loaded, CommandError>) -> Result<(), CommandError> {
        match self.command {
            Command::Check => {
                Identities::check(&configured()?.config)?;
                print("The configuration is good.\n");
            }
            Command::Show => print(&show::show(&configured()?)),
            Command::Docs => print(&docs::markdown()),
        }
        Ok(())
    }
}
