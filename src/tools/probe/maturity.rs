//! Uptime, mean time between failures and mean time to restore service, over restarts of the probe.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Millis;

/// What was seen of a hub so far. Time that was not watched counts neither as up nor as down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maturity {
    /// Which hub this is about.
    pub url: String,
    /// When it was first looked at.
    pub since: Millis,
    up_ms: u64,
    down_ms: u64,
    outages: u64,
    /// The last look: when, and whether the hub was up.
    last: Option<(Millis, bool)>,
}

/// Why a state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What happened.
        #[source]
        error: io::Error,
    },
    /// It holds something else.
    #[error("{path} is no state of a probe; name another file with --state, or remove it")]
    Unreadable {
        /// The file.
        path: String,
    },
    /// It is about another hub.
    #[error("{path} is about {other}; name another file for {url} with --state")]
    Other {
        /// The file.
        path: String,
        /// The hub that it is about.
        other: String,
        /// The hub that is to be probed.
        url: String,
    },
}

// === impl Maturity ===

impl Maturity {
    /// Reads the state of a hub; a new one where there is no file.
    pub fn open(path: &Path, url: &str, now: Millis) -> Result<Self, StateError> {
        let name = || path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { url: url.to_owned(), since: now, ..Self::default() });
            }
            Err(error) => return Err(StateError::File { path: name(), error }),
        };
        let state: Self = serde_json::from_str(&text).map_err(|_| StateError::Unreadable { path: name() })?;
        if state.url != url {
            return Err(StateError::Other { path: name(), other: state.url, url: url.to_owned() });
        }
        Ok(state)
    }

    /// Writes the state: whole or not at all.
    pub fn keep(&self, path: &Path) -> Result<(), StateError> {
        let failed = |error| StateError::File { path: path.display().to_string(), error };
        let beside = path.with_extension("new");
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).map_err(failed)
    }

    /// Notes a look at the hub. The time since the last one was as that one found the hub, unless
    /// it is longer than `watched`: then nobody was watching.
    pub fn saw(&mut self, now: Millis, up: bool, watched: Duration) {
        let before = self.last.replace((now, up));
        if let Some((at, was_up)) = before {
            let passed = u64::try_from(now - at).unwrap_or(0);
            if u128::from(passed) <= watched.as_millis() {
                *(if was_up { &mut self.up_ms } else { &mut self.down_ms }) += passed;
            }
        }
        if !up && before.is_none_or(|(_, was_up)| was_up) {
            self.outages += 1;
        }
    }

    /// The share of the watched time in which the hub was up; 1 before anything was seen to fail.
    pub fn uptime(&self) -> f64 {
        let watched = self.up_ms + self.down_ms;
        match (watched, self.outages) {
            (0, 0) => 1.0,
            (0, _) => 0.0,
            _ => self.up_ms as f64 / watched as f64,
        }
    }

    /// Changes from up to down.
    pub fn outages(&self) -> u64 {
        self.outages
    }

    /// Mean time between failures in seconds; without one, as long as was watched.
    pub fn mtbf(&self) -> f64 {
        self.up_ms as f64 / 1e3 / self.outages.max(1) as f64
    }

    /// Mean time to restore service in seconds; 0 without a failure.
    pub fn mtrs(&self) -> f64 {
        self.down_ms as f64 / 1e3 / self.outages.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCHED: Duration = Duration::from_secs(15);

    fn seen(looks: &[(i64, bool)]) -> Maturity {
        let mut state = Maturity::default();
        looks.iter().for_each(|(second, up)| state.saw(second * 1_000, *up, WATCHED));
        state
    }

    #[test]
    fn two_outages_in_a_hundred_seconds() {
        let mut looks: Vec<(i64, bool)> = (0..=20).map(|i| (i * 5, true)).collect();
        for down in [4, 5, 10] {
            looks[down].1 = false;
        }
        let state = seen(&looks);
        assert_eq!((state.outages(), state.mtbf(), state.mtrs()), (2, 42.5, 7.5));
        assert!((state.uptime() - 0.85).abs() < 1e-9);
    }

    #[test]
    fn time_in_which_nobody_watched_does_not_count() {
        let state = seen(&[(0, true), (5, true), (3_600, false), (3_605, true)]);
        assert_eq!((state.mtbf(), state.mtrs(), state.outages()), (5.0, 5.0, 1));
        // A clock that was set back takes nothing away.
        assert_eq!(seen(&[(100, true), (50, true), (55, true)]).mtbf(), 5.0);
    }

    #[test]
    fn a_hub_that_was_never_up() {
        assert_eq!(seen(&[]).uptime(), 1.0);
        assert_eq!(seen(&[(0, false)]).uptime(), 0.0);
    }

    #[test]
    fn it_is_kept_over_restarts_for_the_same_hub() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("probe.json");
        let mut state = Maturity::open(&path, "ws://h/ws", 7).unwrap();
        state.saw(1_000, true, WATCHED);
        state.saw(6_000, true, WATCHED);
        state.keep(&path).unwrap();
        assert_eq!(Maturity::open(&path, "ws://h/ws", 9).unwrap(), state);
        let other = Maturity::open(&path, "ws://other/ws", 9).unwrap_err().to_string();
        assert!(other.contains("ws://h/ws") && other.contains("--state"), "{other}");
        fs::write(&path, "no").unwrap();
        assert!(matches!(Maturity::open(&path, "ws://h/ws", 9), Err(StateError::Unreadable { .. })));
    }
}
