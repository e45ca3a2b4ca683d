//! Channel capacity: rising rates to oneself, until the bounds in time break.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::bounds::{IDEAL, NEVER_OVER};
use super::error::ProbeError;
use super::link::Link;

/// Messages a second: the least that a channel must carry, the ideal, and what lies beyond.
pub const RATES: [f64; 13] = [0.2, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0];

/// What a rate came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// Messages a second.
    pub rate: f64,
    /// Messages sent.
    pub sent: u64,
    /// Those that came back.
    pub returned: u64,
    /// The longest that one took.
    pub worst: Duration,
    /// Why the ladder ended here, when the hub said so.
    pub refused: Option<String>,
}

/// The highest rates at which every message came back in time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Capacity {
    /// Within the ideal bound of 1 s, in messages a second; 0 when none was held.
    pub within_ideal: f64,
    /// Within the bound of 10 s that must never be broken.
    pub within_bound: f64,
}

// === impl Rung ===

impl Rung {
    /// Whether everything came back, none of it later than this.
    pub fn held(&self, bound: Duration) -> bool {
        self.sent > 0 && self.refused.is_none() && self.returned == self.sent && self.worst <= bound
    }
}

// === impl Capacity ===

impl Capacity {
    /// The highest rate held, each rate below it held as well.
    pub fn of(rungs: &[Rung]) -> Self {
        let highest = |bound| {
            let held = rungs.iter().take_while(|rung| rung.held(bound));
            held.last().map_or(0.0, |rung| rung.rate)
        };
        Self { within_ideal: highest(IDEAL), within_bound: highest(NEVER_OVER) }
    }
}

/// Climbs until a rate does not hold, or `highest` is reached. The connection is of no use after a
/// rate that did not.
pub async fn climb(link: &mut Link, group: &str, highest: f64, step: Duration) -> Result<Vec<Rung>, ProbeError> {
    let mut rungs = Vec::new();
    for rate in RATES.into_iter().filter(|rate| *rate <= highest) {
        let rung = at_rate(link, group, rate, step).await?;
        let held = rung.held(NEVER_OVER);
        rungs.push(rung);
        if !held {
            break;
        }
    }
    Ok(rungs)
}

async fn at_rate(link: &mut Link, group: &str, rate: f64, step: Duration) -> Result<Rung, ProbeError> {
    let planned = ((rate * step.as_secs_f64()).round() as u64).max(1);
    let mut rung = Rung { rate, sent: 0, returned: 0, worst: Duration::ZERO, refused: None };
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
    // Late ticks are made up for: the rate is what counts.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut deadline = Instant::now() + step + NEVER_OVER;
    while rung.returned < planned {
        tokio::select! {
            _ = ticks.tick(), if rung.sent < planned => {
                link.send(group).await?;
                rung.sent += 1;
                deadline = Instant::now() + NEVER_OVER;
            }
            returned = link.next_returned() => match returned {
                Ok(returned) => {
                    rung.returned += 1;
                    rung.worst = rung.worst.max(returned.took);
                }
                // Whoever climbs too high is told to stop, or sent away: that is where the ladder ends.
                Err(refused @ (ProbeError::Denied { .. } | ProbeError::SentAway { .. })) => {
                    rung.refused = Some(refused.to_string());
                    return Ok(rung);
                }
                Err(error) => return Err(error),
            },
            () = tokio::time::sleep_until(deadline) => return Ok(rung),
        }
    }
    Ok(rung)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(rate: f64, sent: u64, returned: u64, millis: u64) -> Rung {
        Rung { rate, sent, returned, worst: Duration::from_millis(millis), refused: None }
    }

    #[test]
    fn the_highest_rate_is_the_last_before_one_that_broke() {
        let rungs = [rung(0.2, 1, 1, 5), rung(1.0, 5, 5, 900), rung(2.0, 10, 10, 1_500), rung(5.0, 25, 24, 9_000)];
        assert_eq!(Capacity::of(&rungs), Capacity { within_ideal: 1.0, within_bound: 2.0 });
        let refused = Rung { refused: Some("rate_limited".into()), ..rung(1.0, 5, 5, 5) };
        assert_eq!(Capacity::of(&[rung(0.2, 1, 1, 5), refused]), Capacity { within_ideal: 0.2, within_bound: 0.2 });
        assert_eq!(Capacity::of(&[rung(0.2, 1, 0, 0)]), Capacity::default());
        assert_eq!(Capacity::of(&[]), Capacity::default());
    }
}
