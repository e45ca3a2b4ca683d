//! `hubbub token`: tokens to develop and test with.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::braces;
use super::error::CommandError;
use crate::app::config::Loaded;
use crate::app::identity::{Identities, OwnKey};
use crate::domain::{Name, Profile, UserId};
use crate::kernel::print;
use crate::kernel::units::parse_duration;

const EXAMPLES: &str = "\
Examples:
  hubbub token --user anna --name \"Anna B.\"
  hubbub token --user anna --ttl 15m
  hubbub token --users load-{0..9999} --out tokens.json   a JSON list of {user, token}";

/// Make tokens with the configured key, to develop and test with.
///
/// The key is the one that serves the hub: jwt_secret, a private jwt_key_file, or the one in the
/// data directory.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Token {
    /// Whose token: prints it, and nothing else
    #[arg(long, value_name = "ID", required_unless_present = "users", conflicts_with = "users")]
    user: Option<String>,
    /// The name that others see
    #[arg(long, value_name = "NAME", requires = "user")]
    name: Option<String>,
    /// Tokens for many users, with ranges in braces: a JSON list of {user, token}
    #[arg(long, value_name = "PATTERN")]
    users: Option<String>,
    /// Write to this file, which only its owner can read, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How long the tokens are good, such as 15m or 12h
    #[arg(long, value_name = "DURATION", default_value = "12h", value_parser = parse_duration)]
    ttl: Duration,
}

#[derive(Serialize)]
struct Entry {
    user: String,
    token: String,
}

// === impl Token ===

impl Token {
    /// Makes what was asked for, in a file or on standard output.
    pub(super) fn run(self, loaded: &Loaded) -> Result<(), CommandError> {
        let own = Identities::open(&loaded.config)?.own.ok_or_else(|| {
            let advice = "no key to make tokens with is configured: they come from the issuer. Set jwt_secret or a \
                          private jwt_key_file to have some made here";
            CommandError::Refused(advice.into())
        })?;
        let text = match (&self.user, &self.users) {
            (_, Some(pattern)) => self.many(&own, pattern)?,
            (user, None) => self.one(&own, user.as_deref().unwrap_or_default())? + "\n",
        };
        match &self.out {
            Some(path) => write(path, &text),
            None => {
                print(&text);
                Ok(())
            }
        }
    }

    fn many(&self, own: &OwnKey, pattern: &str) -> Result<String, CommandError> {
        let mut text = String::from("[");
        for (place, user) in braces::expand(pattern).map_err(CommandError::Refused)?.into_iter().enumerate() {
            let entry = Entry { token: self.one(own, &user)?, user };
            let entry = serde_json::to_string(&entry).map_err(|error| CommandError::Refused(error.to_string()))?;
            text.push_str(if place == 0 { "\n  " } else { ",\n  " });
            text.push_str(&entry);
        }
        text.push_str("\n]\n");
        Ok(text)
    }

    fn one(&self, own: &OwnKey, user: &str) -> Result<String, CommandError> {
        let refused = |problem: String| CommandError::Refused(format!("{user:?}: {problem}"));
        UserId::parse(user).map_err(|error| refused(error.to_string()))?;
        let name = Name::parse(self.name.as_deref().unwrap_or(user));
        let name = name.map_err(|why| CommandError::Refused(format!("`name` {why}")))?;
        let profile = Profile { username: user.to_lowercase(), name: name.into() };
        let minted = own.mint(user, &profile, self.ttl).map_err(|error| refused(error.to_string()))?;
        Ok(minted.token)
    }
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| CommandError::File { path: path.display().to_string(), error })
}
