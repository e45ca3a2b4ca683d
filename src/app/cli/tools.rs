//! The tools beside the hub: each gets of its configuration what it asks for.

use prometheus::Registry;

use super::error::CommandError;
use crate::app::config::{Loaded, LogConfig};
use crate::app::identity::Identities;
use crate::app::metrics::ProcessMetrics;
use crate::app::telemetry::{self, Telemetry};
use crate::tools::bench::Bench;
use crate::tools::capacity::Capacity;
use crate::tools::probe::{Probe, TOKEN_VARIABLE};
use crate::tools::{Mint, NoToken};

pub(super) fn bench(
    bench: Bench,
    configured: impl FnOnce() -> Result<Loaded, CommandError>,
) -> Result<(), CommandError> {
    bench.run(|| mint(&configured()?, "no key to make tokens with; set jwt_secret to the hub's".into()))
}

pub(super) fn probe(
    probe: Probe,
    configured: impl FnOnce() -> Result<Loaded, CommandError>,
) -> Result<(), CommandError> {
    let advice = format!("no token: give one with --token or {TOKEN_VARIABLE}, or set jwt_secret to the hub's");
    probe.run(|| mint(&configured()?, advice), start_logs)
}

pub(super) fn capacity(capacity: Capacity) -> Result<(), CommandError> {
    capacity.run().map_err(|error| CommandError::Refused(error.to_string()))
}

/// Makes tokens with the hub's own key; `advice` is for where it has none.
fn mint(loaded: &Loaded, advice: String) -> Result<Mint, CommandError> {
    let own = Identities::open(&loaded.config)?.own.ok_or(CommandError::Refused(advice))?;
    Ok(Box::new(move |user, profile, ttl| {
        let minted = own.mint(user, profile, ttl);
        minted.map(|minted| minted.token).map_err(|error| NoToken(Box::new(error)))
    }))
}

/// Starts the logs of a probe that stays; its own metrics tell of the hub alone.
fn start_logs() -> Result<Telemetry, CommandError> {
    let uncounted = ProcessMetrics::register(&Registry::new());
    let uncounted = uncounted.map_err(|error| CommandError::Refused(error.to_string()))?;
    Ok(telemetry::start(&LogConfig::default(), &uncounted.dropped_lines)?)
}
