//! Who clears away a dead node, and when: decided by each node for itself, so that one begins and others help.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::NodeName;
use crate::ports::Beat;

/// Beats between two nodes' turns.
const BEATS_A_TURN: u32 = 2;
/// Nodes that have turns of their own; all others share the last one.
const TURNS: u32 = 4;
/// Beats after which turns begin anew: whoever had one may have failed.
const ROUND: u32 = 16;

/// The dead nodes that this one has seen, each with how many beats in a row told of it.
#[derive(Debug, Default)]
pub(crate) struct ReapPlan {
    seen: HashMap<NodeName, u32>,
}

// === impl ReapPlan ===

impl ReapPlan {
    /// The nodes that the node `me` (a name without its epoch) clears away after this beat. Nobody, until the backplane
    /// has been there for a lease: a node that lives may not have been able to say so.
    pub(crate) fn decide(&mut self, me: &str, beat: &Beat, lease: Duration) -> Vec<NodeName> {
        self.seen.retain(|node, _| beat.dead.contains(node));
        if u128::from(beat.uptime) < lease.as_millis() {
            return Vec::new();
        }
        let before_me = beat.live.iter().filter(|node| node.node.base() < me).count();
        let turn = 1 + BEATS_A_TURN * u32::try_from(before_me).unwrap_or(TURNS).min(TURNS);
        let mut due = Vec::new();
        for dead in &beat.dead {
            let beats = self.seen.entry(dead.clone()).or_default();
            *beats += 1;
            if *beats == turn {
                due.push(dead.clone());
            } else if *beats > ROUND {
                *beats = 0;
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;

    const LEASE: Duration = Duration::from_secs(8);

    fn beat(live: &[&str], dead: &[&str], uptime: u64) -> Beat {
        let dead = dead.iter().map(|name| NodeName::parse(name).unwrap()).collect();
        Beat { renewed: true, live: live.iter().map(|name| record(name)).collect(), dead, uptime }
    }

    /// The beats, counted from 1, after which a node of this name clears the dead one away.
    fn turns(me: &str, live: &[&str], beats: u32) -> Vec<u32> {
        let mut plan = ReapPlan::default();
        let beat = beat(live, &["dead.7"], 60_000);
        (1..=beats).filter(|_| !plan.decide(me, &beat, LEASE).is_empty()).collect()
    }

    #[test]
    fn one_begins_and_the_others_help_when_it_is_not_done() {
        let live = ["a.1", "b.1", "c.1", "d.1", "e.1", "f.1", "g.1"];
        let firsts: Vec<u32> = ["a", "b", "c", "d", "e", "f", "g"].map(|me| turns(me, &live, 16)[0]).into();
        assert_eq!(firsts, [1, 3, 5, 7, 9, 9, 9]);
    }

    #[test]
    fn turns_come_again() {
        assert_eq!(turns("a", &["a.1"], 40), [1, 18, 35]);
    }

    #[test]
    fn nobody_is_cleared_away_by_a_backplane_that_has_just_come() {
        let mut plan = ReapPlan::default();
        assert!(plan.decide("a", &beat(&["a.1"], &["dead.7"], 7_999), LEASE).is_empty());
        assert_eq!(plan.decide("a", &beat(&["a.1"], &["dead.7"], 8_000), LEASE).len(), 1);
    }

    #[test]
    fn a_node_that_was_cleared_away_is_forgotten() {
        let mut plan = ReapPlan::default();
        let there = beat(&["a.1"], &["dead.7"], 60_000);
        assert_eq!(plan.decide("a", &there, LEASE).len(), 1);
        assert!(plan.decide("a", &there, LEASE).is_empty());
        plan.decide("a", &beat(&["a.1"], &[], 60_000), LEASE);
        assert_eq!(plan.decide("a", &there, LEASE).len(), 1, "another one of that name is dead");
    }
}
