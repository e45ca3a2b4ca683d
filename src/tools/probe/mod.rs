//! `hubbub probe`: a user from outside who sends to themself, over a real WebSocket, and measures.
//!
//! - [`Probe`]: the command; [`plan`]: whom to probe, and a single look; [`watch`]: looks again and again;
//! - [`target`]: which hub, and where its WebSocket is; [`link`]: the connection; [`round`]: an attempt;
//!   [`bounds`]: what it is held to;
//! - [`ladder`]: rising rates; [`maturity`]: uptime, MTBF and MTRS over restarts;
//! - [`metrics`]: its own `/metrics`; [`report`]: the table of a single look.

mod bounds;
mod command;
mod error;
mod ladder;
mod link;
mod maturity;
mod metrics;
mod plan;
mod report;
mod round;
mod target;
mod watch;

pub use command::{Probe, ProbeFailed, TOKEN_VARIABLE};
pub use error::{Ending, ProbeError};
pub use maturity::StateError;
pub use target::Target;
pub use watch::Stopped;
