//! Which faults come, by the seed.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

/// Every so many faults one comes in its turn.
const IN_TURN: usize = 3;
/// A clock that is set back is off by so many seconds.
const SET_BACK: i64 = -300;

/// What a round stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Three nodes, one Redis, MongoDB.
    Plain,
    /// Three nodes, a Redis primary and a replica watched by Sentinels, MongoDB.
    Sentinel,
    /// Three nodes, a Redis Cluster with a replica for each master, MongoDB.
    Cluster,
    /// One node with everything inside.
    Embedded,
    /// As `Plain`; in the end MongoDB is restored from a backup that is older than what Redis knows.
    Restored,
}

/// What is hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Node(usize),
    Redis,
    Mongo,
    /// A node's way to Redis.
    ToRedis(usize),
    /// A node's way to MongoDB.
    ToMongo(usize),
    /// The clients' way to a node.
    ToNode(usize),
    Disk,
    Everything,
    /// What follows stored events, on all nodes.
    Followers,
    /// The clocks of all nodes, and of the one Redis.
    Clocks,
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// SIGKILL; comes back with what it had kept.
    Killed,
    /// SIGKILL; comes back with nothing.
    Emptied,
    /// SIGSTOP, SIGCONT.
    Paused,
    /// No packet gets through.
    Stalled,
    /// Connections end, new ones as well.
    Cut,
    /// One direction ends.
    HalfClosed,
    /// Every packet comes late.
    Slow,
    /// SIGKILL to the one that leads; another one takes its place.
    FailedOver,
    /// The clock jumps by so many seconds.
    ClockJumped(i64),
    /// No file may grow.
    Full,
    /// Back to the backup.
    RestoredFromBackup,
    /// SIGKILL; comes back after long.
    Away,
    /// SIGKILL; comes back as it was when the fault began.
    ThrownBack,
    /// Nodes are killed and come back without it; when it is turned on again in the same way, one Redis has been emptied.
    TurnedOff,
}

/// One thing that goes wrong for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub part: Part,
    pub way: Way,
    pub lasts: Duration,
}

// === impl Kind ===

impl Kind {
    const ALL: [Kind; 5] = [Kind::Plain, Kind::Sentinel, Kind::Cluster, Kind::Embedded, Kind::Restored];

    /// Every other round is a plain one.
    pub fn of_round(round: u64) -> Kind {
        match round % 2 {
            0 => Kind::Plain,
            _ => Kind::ALL[1 + (round / 2 % 4) as usize],
        }
    }

    pub fn named(name: &str) -> Kind {
        let found = Kind::ALL.into_iter().find(|kind| format!("{kind:?}").eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("`{name}` is none of {:?}", Kind::ALL))
    }
}

/// The faults that come next, as the `nth` of the round: one, or two at once. Of the faults that what follows is tried with
/// each comes in its turn, alone, so that none is left to chance.
pub fn next(kind: Kind, nth: usize, store_away: Duration, random: &mut StdRng) -> Vec<Fault> {
    let drawn = drawn(kind, random);
    if nth % IN_TURN == IN_TURN - 1 {
        return vec![in_turn(kind, nth / IN_TURN, store_away, random)];
    }
    drawn
}

fn in_turn(kind: Kind, turn: usize, store_away: Duration, random: &mut StdRng) -> Fault {
    let away = (Part::Mongo, Way::Away, store_away);
    let lasts = Duration::from_millis(random.random_range(3_000..10_000));
    let off = (Part::Followers, Way::TurnedOff, lasts);
    let set_back = (Part::Clocks, Way::ClockJumped(SET_BACK), lasts);
    let thrown_back = (Part::Redis, Way::ThrownBack, Duration::from_millis(random.random_range(500..2_000)));
    let all = match kind {
        Kind::Embedded => vec![off, set_back],
        Kind::Sentinel | Kind::Cluster => vec![away, off, set_back],
        Kind::Plain | Kind::Restored => vec![away, off, set_back, thrown_back],
    };
    let (part, way, lasts) = all[turn % all.len()];
    Fault { part, way, lasts }
}

fn drawn(kind: Kind, random: &mut StdRng) -> Vec<Fault> {
    let mut faults = vec![one(kind, random)];
    if random.random_ratio(1, 3) {
        let second = one(kind, random);
        let alone = |fault: &Fault| matches!(fault.way, Way::FailedOver | Way::RestoredFromBackup | Way::Full);
        if second.part != faults[0].part && !alone(&second) && !alone(&faults[0]) {
            faults.push(second);
        }
    }
    faults
}

fn one(kind: Kind, random: &mut StdRng) -> Fault {
    let node = random.random_range(0..3);
    // Some blinks, some longer than a lease lives.
    let longest = if random.random_ratio(1, 3) { 14_000 } else { 4_000 };
    let lasts = Duration::from_millis(random.random_range(200..longest));
    let draw = random.random_range(0..16);
    let (part, way) = match kind {
        Kind::Embedded => embedded(draw, random),
        Kind::Restored if draw < 6 => (Part::Everything, Way::RestoredFromBackup),
        Kind::Sentinel | Kind::Cluster if draw < 6 => (Part::Redis, Way::FailedOver),
        Kind::Sentinel | Kind::Cluster if (10..12).contains(&draw) => (Part::ToNode(node), line(random)),
        _ => anywhere(draw, node, random),
    };
    Fault { part, way, lasts }
}

fn embedded(draw: u32, random: &mut StdRng) -> (Part, Way) {
    match draw {
        0..=4 => (Part::Node(0), Way::Killed),
        5..=7 => (Part::Node(0), Way::Paused),
        8..=12 => (Part::Disk, Way::Full),
        _ => (Part::ToNode(0), line(random)),
    }
}

fn anywhere(draw: u32, node: usize, random: &mut StdRng) -> (Part, Way) {
    match draw {
        0 => (Part::Redis, Way::Emptied),
        1 => (Part::Redis, Way::Killed),
        2 => (Part::Redis, Way::Paused),
        3 => (Part::Mongo, Way::Killed),
        4..=5 => (Part::Mongo, Way::Paused),
        6..=7 => (Part::Node(node), Way::Killed),
        8..=9 => (Part::Node(node), Way::Paused),
        10..=11 => (Part::ToRedis(node), line(random)),
        12 => (Part::ToMongo(node), line(random)),
        13..=14 => (Part::ToNode(node), line(random)),
        _ => {
            let seconds = random.random_range(60..3_600);
            (Part::Node(2), Way::ClockJumped(if random.random() { seconds } else { -seconds }))
        }
    }
}

fn line(random: &mut StdRng) -> Way {
    [Way::Stalled, Way::Cut, Way::HalfClosed, Way::Slow][random.random_range(0..4)]
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const AWAY: Duration = Duration::from_secs(600);

    #[test]
    fn what_follows_is_tried_with_everything_in_turn() {
        for (kind, some) in [(Kind::Plain, 4), (Kind::Embedded, 2), (Kind::Cluster, 3)] {
            let mut random = StdRng::seed_from_u64(1);
            let plan: Vec<_> = (0..IN_TURN * some).flat_map(|nth| next(kind, nth, AWAY, &mut random)).collect();
            let has = |way: &dyn Fn(&Fault) -> bool| plan.iter().filter(|fault| way(fault)).count();
            assert_eq!(has(&|fault| fault.way == Way::TurnedOff), 1, "{plan:?}");
            assert_eq!(has(&|fault| fault.part == Part::Clocks), 1, "{plan:?}");
            assert_eq!(has(&|fault| fault.lasts == AWAY), usize::from(some > 2), "{plan:?}");
            assert_eq!(has(&|fault| fault.way == Way::ThrownBack), usize::from(some > 3), "{plan:?}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let plan = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            (0..50).map(|nth| next(Kind::Plain, nth, AWAY, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
        let twos = plan(7).iter().filter(|faults| faults.len() == 2).count();
        assert!((5..40).contains(&twos), "{twos} of 50 come in twos");
    }
}
