//! What a run does.

use std::time::Duration;

use crate::protocol::Encoding;

/// What a run does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `host:port` of every node.
    pub nodes: Vec<String>,
    /// A token for each client.
    pub tokens: Vec<(String, String)>,
    /// Groups that the clients are spread over, each in one.
    pub groups: usize,
    /// Messages a second, over all groups.
    pub rate: f64,
    /// How long the load lasts.
    pub duration: Duration,
    /// How frames are encoded.
    pub encoding: Encoding,
    /// Bytes of a text.
    pub text: usize,
    /// Processes whose use is measured: nodes, Redis.
    pub pids: Vec<u32>,
    /// Processes whose use is told apart: MongoDB.
    pub store_pids: Vec<u32>,
    /// What kind of run.
    pub mode: Mode,
    /// Whether clients do what people do all day, in place of texts alone.
    pub mix: bool,
    /// Connections opened at the same time.
    pub at_once: usize,
}

/// What kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A rate for a time.
    Rate,
    /// As much as the hub takes: so many sends of each group under way.
    Saturate {
        /// Sends under way in each group; `None` for as many as bring the most deliveries.
        window: Option<usize>,
    },
    /// Connections that do nothing.
    Idle,
    /// All connections cut in the middle of a load, and back at once.
    ReconnectStorm,
    /// One group filled with messages, its history and resuming timed on the way.
    Deep {
        /// How many messages.
        messages: u64,
    },
}
