//! The table of a single look.

use std::fmt;
use std::time::Duration;

use super::bounds::{IDEAL, NEVER_OVER};
use super::ladder::{Capacity, Rung};
use super::round::Round;

/// What a single look found.
#[derive(Debug)]
pub struct Report {
    /// The hub, as it was named.
    pub target: String,
    /// The attempt.
    pub round: Round,
    /// The ladder, when it was climbed.
    pub rungs: Vec<Rung>,
}

// === impl Report ===

impl Report {
    /// Whether the look says nothing about the hub, through a fault of its own.
    pub fn says_nothing(&self) -> bool {
        self.round.failed.as_ref().is_some_and(|(_, error)| error.is_own())
    }

    /// What breaks an objective, in a sentence each; empty when all is fine.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        if let Some((_, error)) = &self.round.failed {
            broken.push(error.to_string());
        }
        if self.round.worst().is_some_and(|worst| worst > NEVER_OVER) {
            broken.push("a message took longer than 10 s".into());
        }
        if !self.rungs.is_empty() && Capacity::of(&self.rungs).within_bound == 0.0 {
            broken.push("a channel does not carry one message in 5 s".into());
        }
        broken
    }
}

fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1e3)
}

fn verdict(worst: Duration) -> &'static str {
    match worst {
        worst if worst <= IDEAL => "fine, within 1 s",
        worst if worst <= NEVER_OVER => "not ideal, within 10 s",
        _ => "BROKEN, over 10 s",
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String, verdict: &str| {
            let line = format!("{name:<24}{value:<34}{verdict}");
            writeln!(f, "{}", line.trim_end())
        };
        row("hub", self.target.clone(), "")?;
        if let Some(socket) = &self.round.socket {
            row("connected to", socket.to_string(), "")?;
        }
        if let Some(connected) = self.round.connected {
            row("until the welcome", millis(connected), verdict(connected))?;
        }
        if let (Some(median), Some(worst)) = (self.round.median(), self.round.worst()) {
            let count = self.round.messages.len();
            let value = format!("{} median, {} worst of {count}", millis(median), millis(worst));
            row("a message to oneself", value, verdict(worst))?;
        }
        for rung in &self.rungs {
            let back = format!("{} of {} back, worst {}", rung.returned, rung.sent, millis(rung.worst));
            let said = match (&rung.refused, rung.returned == rung.sent) {
                (Some(refused), _) => refused.as_str(),
                (None, true) => verdict(rung.worst),
                (None, false) => "BROKEN, some never came",
            };
            row(&format!("at {} messages/s", rung.rate), back, said)?;
        }
        if !self.rungs.is_empty() {
            let Capacity { within_ideal, within_bound } = Capacity::of(&self.rungs);
            let held = format!("{within_ideal}/s within 1 s, {within_bound}/s within 10 s");
            let said = match (within_ideal, within_bound) {
                (ideal, _) if ideal >= 1.0 => "fine, at least one a second",
                (_, bound) if bound > 0.0 => "not ideal, less than one a second",
                _ => "BROKEN, less than one in 5 s",
            };
            row("highest rate held", held, said)?;
        }
        for broken in self.broken() {
            row(if self.says_nothing() { "NO VERDICT" } else { "BROKEN" }, broken, "")?;
        }
        Ok(())
    }
}
