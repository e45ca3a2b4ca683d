//! How many files, and so connections, the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Beside clients: the store, Redis, logs, requests on the internal listener.
const OTHERS: u64 = 1_000;

/// Raises the limit as far as this process may, when it is too low for so many connections: shells
/// start processes with 1,024. Answers how many there is room for; warns when these are fewer.
pub(super) fn room_for(max_connections: u64) -> u64 {
    raise_limit(max_connections);
    let limit = getrlimit(Resource::Nofile).current;
    let room = limit.map_or(max_connections, |limit| max_connections.min(room_within(limit)));
    if room < max_connections {
        warn!(
            limit,
            max_connections,
            room,
            "the limit of open files is too low for max_connections: fewer clients are taken; raise it (ulimit -n)"
        );
    }
    room
}

/// Connections for which there is room within a limit: everything else needs files too.
fn room_within(limit: u64) -> u64 {
    limit - OTHERS.min(limit / 4)
}

fn raise_limit(max_connections: u64) {
    let limit = getrlimit(Resource::Nofile);
    let needed = max_connections.saturating_add(OTHERS);
    let Some(raised) = raised(&limit, needed) else { return };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => debug!(limit = raised.current, "limit of open files raised"),
        Err(error) => debug!(%error, "limit of open files stays as it is"),
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
    fn what_there_is_room_for_leaves_files_for_everything_else() {
        assert_eq!(room_within(20_000), 19_000);
        assert_eq!(room_within(1_024), 768);
        assert_eq!(room_within(3), 3);
    }

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
