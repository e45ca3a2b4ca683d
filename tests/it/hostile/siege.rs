//! An attack from beginning to end.

use std::time::Duration;

use super::neighbours::Neighbours;
use super::usage::{Usage, forget_peak, usage};
use crate::support::wait::eventually;
use crate::support::{Hub, HubBuilder};

const MIB: u64 = 1024 * 1024;
/// Connections that monitoring may have open.
const MONITORING: f64 = 4.0;

/// A node with people on it, before, during and after an attack.
pub struct Siege {
    pub hub: Hub,
    name: &'static str,
    neighbours: Neighbours,
    before: Usage,
}

/// What an attack may cost the node. Generous, and independent of how long it takes: the tests run
/// unoptimised builds beside each other.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// MiB of memory at its peak, beyond what the node had before.
    pub memory: u64,
    /// Seconds on a processor, those for the people beside it included.
    pub cpu: u64,
}

// === impl Siege ===

impl Siege {
    /// A node with the default settings.
    pub async fn lay(name: &'static str) -> Self {
        Self::lay_to(name, Hub::builder("a")).await
    }

    /// A node with these settings.
    pub async fn lay_to(name: &'static str, hub: HubBuilder) -> Self {
        let hub = hub.env("HUBBUB_LOG", "warn").start().await;
        let neighbours = Neighbours::move_in(&hub).await;
        forget_peak(hub.process().id());
        let before = usage(hub.process().id());
        Self { hub, name, neighbours, before }
    }

    /// The attack is over. Holds the node to the cost, waits until nothing is left of the attackers,
    /// and asks the neighbours.
    pub async fn lift(self, cost: Cost) {
        let now = usage(self.hub.process().id());
        let cpu = now.cpu.saturating_sub(self.before.cpu);
        let memory = now.peak.saturating_sub(self.before.resident) / MIB;
        eventually("nothing is left of the attackers", async || self.look_for_remains().await).await;
        let told = self.neighbours.tell().await;
        println!("{}: {memory} MiB, {:.1} s of CPU; neighbours' p50/p99 {told}", self.name, cpu.as_secs_f64());
        assert!(memory <= cost.memory, "{memory} MiB at the peak, may be {}", cost.memory);
        assert!(cpu <= Duration::from_secs(cost.cpu), "{cpu:?} on the processor, may be {} s", cost.cpu);
    }

    /// Connections, files and waiting bytes that are not the neighbours'.
    async fn look_for_remains(&self) -> Result<(), String> {
        let sockets = self.hub.metric("hubbub_connections").await;
        let others = self.hub.metric("hubbub_http_connections").await;
        let waiting = self.hub.metric("hubbub_queue_bytes").await;
        let files = usage(self.hub.process().id()).files.saturating_sub(self.before.files);
        let people = self.neighbours.connections() as f64;
        let gone = sockets <= people && others <= MONITORING && waiting == 0.0 && files <= MONITORING as usize;
        let found = || format!("{sockets} WebSockets, {others} others, {waiting} bytes waiting, {files} more files");
        if gone { Ok(()) } else { Err(found()) }
    }
}
