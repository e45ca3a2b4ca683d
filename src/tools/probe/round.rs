//! An attempt: its steps, and what came of it.

use std::time::Duration;

use url::Url;

use super::error::ProbeError;

/// The steps of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Finding out where to connect.
    Locate,
    /// Connecting, until the welcome.
    Connect,
    /// A message to oneself.
    Message,
}

/// One attempt.
#[derive(Debug)]
pub struct Round {
    /// Where it connected.
    pub socket: Option<Url>,
    /// From the beginning to the welcome.
    pub connected: Option<Duration>,
    /// What each message took.
    pub messages: Vec<Duration>,
    /// The step that failed, and why.
    pub failed: Option<(Step, ProbeError)>,
}

// === impl Step ===

impl Step {
    /// All of them, in their order.
    pub const ALL: [Step; 3] = [Step::Locate, Step::Connect, Step::Message];

    /// Its name, for metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Step::Locate => "locate",
            Step::Connect => "connect",
            Step::Message => "message",
        }
    }
}

// === impl Round ===

impl Round {
    /// What the slowest message took.
    pub fn worst(&self) -> Option<Duration> {
        self.messages.iter().max().copied()
    }

    /// What the message in the middle took.
    pub fn median(&self) -> Option<Duration> {
        let mut sorted = self.messages.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}
