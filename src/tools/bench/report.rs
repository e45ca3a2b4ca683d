//! The figures, as a table and as JSON.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;

use super::histogram::Histogram;
use super::mix::MixFigures;
use super::plan::Plan;
use super::table::row;
use super::tally::Tally;
use super::usage::{Usage, Used};

/// What a run measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Clients, groups, nodes.
    pub clients: usize,
    /// Groups.
    pub groups: usize,
    /// Nodes.
    pub nodes: usize,
    /// The encoding.
    pub encoding: &'static str,
    /// Joins a second: connected, token checked, groups joined, welcomed.
    pub joins_per_second: f64,
    /// Sends of each group under way, where the hub was saturated.
    pub window: usize,
    /// Sends a second.
    pub sends_per_second: f64,
    /// Deliveries a second.
    pub deliveries_per_second: f64,
    /// Latencies of texts from a send to each recipient, in milliseconds: p50, p90, p99, p99.9.
    pub latency_ms: [f64; 4],
    /// What was done of each kind, where the run was a mixed one.
    pub mix: Option<MixFigures>,
    /// Processor time of the measured processes for each delivery, in microseconds.
    pub cpu_per_delivery_us: f64,
    /// The same by process.
    pub cpu_by_pid_us: Vec<(u32, f64)>,
    /// The store's processor time for each delivery, in microseconds.
    pub store_cpu_per_delivery_us: f64,
    /// The bench's own, for each delivery, in microseconds.
    pub own_cpu_per_delivery_us: f64,
    /// A bare write of the same frame to as many loopback sockets, in microseconds.
    pub floor: f64,
    /// The same at the run's pace, to sockets whose reader waits; where the run had a rate.
    pub floor_at_pace: Option<f64>,
    /// Resident memory a client, in bytes, by process.
    pub bytes_per_client: Vec<(u32, f64)>,
    /// Share of one core that idle clients cost, by process.
    pub idle_cores: Vec<(u32, f64)>,
    /// From cutting all connections until all were welcomed again.
    pub storm: Option<Duration>,
    /// A group that grew deep.
    pub depths: Vec<Depth>,
    /// Deliveries that never came.
    pub missing: u64,
    /// Deliveries that came twice within a connection.
    pub duplicates: u64,
    /// Those of them that later ones came without.
    pub skipped: u64,
    /// Connections that the hub closed.
    pub closed: u64,
    /// Requests that were refused, and the last refusal.
    pub refused: u64,
    /// The last refusal.
    pub last_refusal: Option<String>,
    /// Sends that got no answer.
    pub unanswered: u64,
}

/// What was measured with so many messages in the group. Times are medians, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Depth {
    /// Messages stored in the group.
    pub messages: u64,
    /// A page of the newest.
    pub newest_page_ms: f64,
    /// A page anywhere.
    pub any_page_ms: f64,
    /// From connecting until the last hundred are replayed.
    pub resume_ms: f64,
}

/// What a run says about the delivery contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was held.
    Held,
    /// It was broken.
    Broken,
    /// Nothing: clients were cut off, and what they missed was theirs to come back for.
    None,
}

/// A load's beginning and end.
pub(super) struct Measured {
    pub(super) sent: u64,
    pub(super) delivered: u64,
    pub(super) loaded: Duration,
    pub(super) before: Used,
    pub(super) after: Used,
}

// === impl Report ===

impl Report {
    pub(super) fn begin(plan: &Plan, joins_per_second: f64) -> Self {
        Self {
            clients: plan.tokens.len(),
            groups: plan.groups,
            nodes: plan.nodes.len(),
            encoding: plan.encoding.name(),
            joins_per_second,
            ..Self::default()
        }
    }

    pub(super) fn measured(&mut self, measured: Measured, latency: &Histogram) {
        let Measured { sent, delivered, loaded, before, after } = measured;
        let (seconds, each) = (loaded.as_secs_f64(), 1e6 / delivered.max(1) as f64);
        self.sends_per_second = sent as f64 / seconds;
        self.deliveries_per_second = delivered as f64 / seconds;
        self.latency_ms = latency.summary_ms();
        self.cpu_by_pid_us =
            pairs(&before, &after, |before, after| after.cpu.saturating_sub(before.cpu).as_secs_f64() * each);
        self.cpu_per_delivery_us = self.cpu_by_pid_us.iter().map(|(_, us)| us).sum();
        self.store_cpu_per_delivery_us = after.store.saturating_sub(before.store).as_secs_f64() * each;
        self.own_cpu_per_delivery_us = after.own.saturating_sub(before.own).as_secs_f64() * each;
    }

    pub(super) fn idle(&mut self, before: &Used, start: &Used, end: &Used, clients_a_node: f64, held: Duration) {
        self.bytes_per_client =
            pairs(before, end, |before, after| after.resident.saturating_sub(before.resident) as f64 / clients_a_node);
        self.idle_cores = pairs(start, end, |start, end| {
            end.cpu.saturating_sub(start.cpu).as_secs_f64() / held.as_secs_f64().max(1e-9)
        });
    }

    pub(super) fn settled(&mut self, sent: u64, tally: &Tally, outstanding: u64) {
        self.missing = outstanding;
        self.unanswered = sent.saturating_sub(tally.answered());
    }

    pub(super) fn contract(&mut self, tally: &Tally) {
        self.skipped = tally.missing.load(Ordering::Relaxed);
        self.missing += self.skipped;
        self.duplicates = tally.duplicates.load(Ordering::Relaxed);
        self.closed = tally.closed.load(Ordering::Relaxed);
        self.refused = tally.errors.load(Ordering::Relaxed);
        self.last_refusal = tally.last_error.lock().clone();
    }

    /// Whether the delivery contract was held.
    pub fn verdict(&self) -> Verdict {
        let whole = self.missing == 0 && self.duplicates == 0 && self.unanswered == 0;
        match whole {
            true => Verdict::Held,
            // Clients that were cut off do not come back for what they missed, as others would.
            false if self.closed > 0 && self.skipped == 0 && self.duplicates == 0 => Verdict::None,
            false => Verdict::Broken,
        }
    }
}

fn pairs(before: &Used, after: &Used, figure: impl Fn(&Usage, &Usage) -> f64) -> Vec<(u32, f64)> {
    let both = after.hub.iter().filter_map(|(pid, end)| {
        let (_, start) = before.hub.iter().find(|(other, _)| other == pid)?;
        Some((*pid, figure(start, end)))
    });
    both.collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ran = format!("{}, {}, {}, {}", self.clients, self.groups, self.nodes, self.encoding);
        row(f, "clients, groups, nodes, encoding", ran)?;
        row(f, "joins/s", format!("{:.0}", self.joins_per_second))?;
        if self.window > 0 {
            row(f, "sends of each group under way", self.window.to_string())?;
        }
        if self.sends_per_second > 0.0 {
            self.write_load(f)?;
        }
        self.write_idle(f)?;
        self.write_depths(f)?;
        if let Some(storm) = self.storm {
            row(f, "all back after the cut", format!("{:.2} s", storm.as_secs_f64()))?;
        }
        row(f, "floor: a bare write of the same frame", format!("{:.2} µs", self.floor))?;
        if let Some(floor) = self.floor_at_pace {
            row(f, "floor at this pace, its reader waiting", format!("{floor:.2} µs"))?;
        }
        self.write_contract(f)
    }
}

/// The parts of the table.
impl Report {
    fn write_load(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, "sends/s", format!("{:.0}", self.sends_per_second))?;
        row(f, "deliveries/s", format!("{:.0}", self.deliveries_per_second))?;
        let [p50, p90, p99, p999] = self.latency_ms;
        row(f, "latency p50 / p90 / p99 / p99.9", format!("{p50:.2} / {p90:.2} / {p99:.2} / {p999:.2} ms"))?;
        if let Some(mix) = &self.mix {
            mix.write(f)?;
        }
        let (cpu, ratio) = (self.cpu_per_delivery_us, self.cpu_per_delivery_us / self.floor.max(1e-9));
        row(f, "CPU a delivery, measured processes", format!("{cpu:.2} µs, {ratio:.2} × floor"))?;
        if let Some(floor) = self.floor_at_pace {
            row(f, "  beside the floor at this pace", format!("{:.2} ×", cpu / floor.max(1e-9)))?;
        }
        for (pid, us) in &self.cpu_by_pid_us {
            row(f, "  of process", format!("{pid}: {us:.2} µs"))?;
        }
        row(f, "  of the store beside it", format!("{:.2} µs", self.store_cpu_per_delivery_us))?;
        row(f, "  of this load generator", format!("{:.2} µs", self.own_cpu_per_delivery_us))
    }

    fn write_idle(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (pid, bytes) in &self.bytes_per_client {
            row(f, "resident memory a client, of process", format!("{pid}: {bytes:.0} bytes"))?;
        }
        for (pid, cores) in &self.idle_cores {
            row(f, "cores used while idle, of process", format!("{pid}: {:.1} %", cores * 100.0))?;
        }
        Ok(())
    }

    fn write_depths(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Depth { messages, newest_page_ms, any_page_ms, resume_ms } in &self.depths {
            let took = format!("newest page {newest_page_ms:.2} ms, any {any_page_ms:.2} ms, resume {resume_ms:.2} ms");
            row(f, &format!("with {messages} messages in the group"), took)?;
        }
        Ok(())
    }

    fn write_contract(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = format!("{}, {}, {}", self.missing, self.duplicates, self.unanswered);
        row(f, "missing, duplicate, unanswered", lost)?;
        row(f, "closed by the hub, refused", format!("{}, {}", self.closed, self.refused))?;
        if let Some(last) = &self.last_refusal {
            row(f, "last refusal", last.clone())?;
        }
        let verdict = match self.verdict() {
            Verdict::Held => "held",
            Verdict::Broken => "BROKEN",
            Verdict::None => "no verdict: the hub closed connections, which this bench does not open again",
        };
        row(f, "contract", verdict.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cut_off_clients_missed_is_no_breach() {
        let verdict = |missing, skipped, duplicates, unanswered, closed| {
            Report { missing, skipped, duplicates, unanswered, closed, ..Report::default() }.verdict()
        };
        assert_eq!(verdict(0, 0, 0, 0, 0), Verdict::Held);
        assert_eq!(verdict(0, 0, 0, 0, 3), Verdict::Held);
        assert_eq!(verdict(5, 0, 0, 0, 0), Verdict::Broken);
        assert_eq!(verdict(0, 0, 0, 1, 0), Verdict::Broken);
        assert_eq!(verdict(5, 0, 0, 1, 3), Verdict::None);
        assert_eq!(verdict(5, 1, 0, 0, 3), Verdict::Broken);
        assert_eq!(verdict(0, 0, 1, 0, 3), Verdict::Broken);
    }
}
