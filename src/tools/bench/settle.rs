//! After a load: until everything that was sent is answered and has arrived, and what has not.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::plan::Plan;
use super::tally::State;

/// Nothing more is waited for when nothing has come for so long.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Crowd {
    /// Waits until all sends are answered and everybody holds all that is stored, or nothing comes any more.
    pub(super) fn settle(&self, plan: &Plan, sent: u64) {
        self.wait_until(|| self.tally.answered() >= sent && self.outstanding(plan) == 0);
    }

    /// Waits until all sends are answered, or nothing comes any more.
    pub(super) fn settle_answers(&self, sent: u64) {
        self.wait_until(|| self.tally.answered() >= sent);
    }

    fn wait_until(&self, done: impl Fn() -> bool) {
        let mut seen = (Instant::now(), self.come());
        while !done() && seen.0.elapsed() < PATIENCE && self.tally.fault().is_none() {
            std::thread::sleep(LOOK_EVERY);
            if self.come() != seen.1 {
                seen = (Instant::now(), self.come());
            }
        }
    }

    /// Whatever has come so far.
    fn come(&self) -> u64 {
        self.tally.answered() + self.tally.delivered.load(Ordering::Relaxed)
    }

    /// Deliveries that are still to come: what each client is behind the furthest of its group, and what
    /// was acked and nobody has seen.
    pub(super) fn outstanding(&self, plan: &Plan) -> u64 {
        let mut groups = vec![Vec::new(); plan.groups];
        for (i, state) in self.states.iter().enumerate() {
            groups[(i / plan.nodes.len().max(1)) % plan.groups].push(&**state);
        }
        let (mut behind, mut heads) = (0, 0);
        for members in groups {
            let (head, lags) = lag(&members);
            heads += head;
            behind += lags;
        }
        // The run has made its groups: a seq for each ack is the least that they have.
        behind + self.tally.acked.load(Ordering::Relaxed).saturating_sub(heads)
    }
}

/// The head of a group, as far as anybody has seen it, and how far all are behind it together. Who has
/// seen nothing at all has missed what anybody has.
fn lag(members: &[&State]) -> (u64, u64) {
    let held = |state: &&State| state.held.load(Ordering::Relaxed);
    let head = members.iter().map(held).max().unwrap_or_default();
    let firsts = members.iter().map(|state| state.first.load(Ordering::Relaxed));
    let before = firsts.filter(|first| *first > 0).min().map_or(head, |first| first - 1);
    let behind = members.iter().map(|state| head - if held(state) == 0 { before } else { held(state) });
    (head, behind.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(first: u64, held: u64) -> State {
        State { held: held.into(), first: first.into(), ..State::default() }
    }

    #[test]
    fn who_is_behind_has_not_got_everything() {
        let [all, some, nothing] = [state(4, 10), state(5, 8), state(0, 0)];
        assert_eq!(lag(&[&all, &all]), (10, 0));
        assert_eq!(lag(&[&all, &some]), (10, 2));
        assert_eq!(lag(&[&all, &nothing]), (10, 7));
        assert_eq!(lag(&[&nothing]), (0, 0));
        assert_eq!(lag(&[]), (0, 0));
    }
}
