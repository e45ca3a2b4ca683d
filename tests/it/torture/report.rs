//! What a run came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::plan::{Fault, Kind, Part};
use crate::contract::followed::Compared;
use crate::contract::listeners::Verdict;

/// Counted over all rounds.
pub struct Report {
    seed: u64,
    rounds: Vec<String>,
    /// Per sort of fault: how many, and the times until every client had an ack again.
    faults: BTreeMap<String, Vec<Duration>>,
    total: Verdict,
    /// Events that are stored and were held against what was followed.
    followed: usize,
}

// === impl Report ===

impl Report {
    pub fn new(seed: u64) -> Self {
        Self { seed, rounds: Vec::new(), faults: BTreeMap::new(), total: Verdict::default(), followed: 0 }
    }

    pub fn begin(&mut self, faults: &[Fault]) {
        println!("   {}", faults.iter().map(described).collect::<Vec<_>>().join(" and "));
    }

    pub fn recovered(&mut self, faults: &[Fault], took: Duration) {
        println!("   … well again after {:.1} s", took.as_secs_f64());
        let mut sorts: Vec<_> = faults.iter().map(sort_of).collect();
        sorts.sort();
        self.faults.entry(sorts.join(" + ")).or_default().push(took);
    }

    /// Also prints what the round came to: a run of hours may be ended from outside.
    pub fn end_round(&mut self, kind: Kind, seed: u64, mut verdict: Verdict, followed: Compared) {
        self.followed += followed.stored;
        verdict.violations.extend(followed.differences);
        println!("   {} sends, broken promises: {}", verdict.sends, verdict.violations.len());
        verdict.violations.iter().for_each(|what| println!("   BROKEN {what}"));
        self.rounds.push(format!("{kind:?} (seed {seed}): {} sends", verdict.sends));
        let violations = verdict.violations.into_iter().map(|what| format!("{kind:?}, seed {seed}: {what}"));
        self.total.violations.extend(violations);
        self.total.sends += verdict.sends;
        self.total.events += verdict.events;
        self.total.reconnects += verdict.reconnects;
        verdict.refusals.into_iter().for_each(|(code, count)| *self.total.refusals.entry(code).or_default() += count);
    }

    pub fn sends(&self) -> usize {
        self.total.sends
    }

    pub fn followed(&self) -> usize {
        self.followed
    }

    pub fn violations(&self) -> &[String] {
        &self.total.violations
    }

    fn broken(&self, promise: &str) -> usize {
        self.total.violations.iter().filter(|what| what.contains(&format!(": {promise}: "))).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { sends, events, reconnects, refusals, .. } = &self.total;
        writeln!(f, "torture, seed {}: {} rounds", self.seed, self.rounds.len())?;
        self.rounds.iter().try_for_each(|round| writeln!(f, "  {round}"))?;
        writeln!(f, "{sends} sends, {events} events stored, {reconnects} reconnects, refusals {refusals:?}")?;
        writeln!(
            f,
            "disorder or holes {}, acked or seen and not stored {}, never seen {}, stored or acked twice {}",
            self.broken("P1"),
            self.broken("P2"),
            self.broken("P3"),
            self.broken("P4"),
        )?;
        let differ = self.total.violations.iter().filter(|what| what.contains("followed")).count();
        writeln!(f, "{} events held against what was followed: {differ} differ", self.followed)?;
        writeln!(f, "{:<44} {:>5} {:>9} {:>9}", "fault", "times", "median s", "longest s")?;
        for (sort, times) in &self.faults {
            let mut times = times.clone();
            times.sort();
            let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
            let (median, longest) = (median.as_secs_f64(), longest.as_secs_f64());
            writeln!(f, "{sort:<44} {:>5} {median:>9.1} {longest:>9.1}", times.len())?;
        }
        Ok(())
    }
}

fn described(fault: &Fault) -> String {
    format!("{:?} {:?} for {:.1} s", fault.part, fault.way, fault.lasts.as_secs_f64())
}

/// The fault without the number of the node and the length of the jump.
fn sort_of(fault: &Fault) -> String {
    let part = match fault.part {
        Part::Node(_) => "node".into(),
        Part::ToRedis(_) => "way to Redis".into(),
        Part::ToMongo(_) => "way to MongoDB".into(),
        Part::ToNode(_) => "way to a node".into(),
        other => format!("{other:?}"),
    };
    let way = format!("{:?}", fault.way);
    format!("{part} {}", way.split('(').next().unwrap_or_default())
}
