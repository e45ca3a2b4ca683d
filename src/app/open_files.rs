//! How many files, and so connections, the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Beside clients: the store, Redis, logs, requests on the internal listener.
const OTHERS: u64 = 1_000;

/// Raises the limit as far as this process may, when it is too low for so many connections: shells
/// start processes with 1,024. Warns when it stays too low.
pub(super) fn raise_limit(max_connections: u64) {
    let limit = getrlimit(Resource::Nofile);
    let needed = max_connections.saturating_add(OTHERS);
    let Some(raised) = raised(&limit, needed) else { return };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => debug!(limit = raised.current, "limit of open files raised"),
        Err(error) => debug!(%error, "limit of open files stays as it is"),
    }
    let now = getrlimit(Resource::Nofile).current;
    if let Some(now) = now.filter(|now| *now < needed) {
        warn!(
            limit = now,
            max_connections,
            "the limit of open files is too low for max_connections; raise it (ulimit -n) or lower that"
        );
    }
}

/// The limit to ask for; `None` when the present one is enough.
fn raised(limit: &Rlimit, needed: u64) -> Option<Rlimit> {
    let current = limit.current?;
    let current = (current < needed).then(|| limit.maximum.map_or(needed, |most| needed.min(most)).max(current))?;
    Some(Rlimit { current: Some(current), maximum: limit.maximum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_grows_as_far_as_needed_and_allowed() {
        let limit = |current, maximum| Rlimit { current, maximum };
        let asked = |current, maximum| raised(&limit(current, maximum), 20_000).map(|limit| limit.current);
        assert_eq!(asked(Some(1_024), Some(1_048_576)), Some(Some(20_000)));
        assert_eq!(asked(Some(1_024), None), Some(Some(20_000)));
        assert_eq!(asked(Some(1_024), Some(4_096)), Some(Some(4_096)));
        assert_eq!(asked(Some(20_000), Some(20_000)), None);
        assert_eq!(asked(None, None), None);
    }
}
