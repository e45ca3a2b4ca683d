//! `hubbub bench`: loads a hub, holds it to the contract meanwhile, and sets its figures beside the
//! machine's own floor.
//!
//! - [`Bench`]: the command; [`plan`]: what a run does; [`run`]: a run from its first connection to its floor;
//! - [`crowd`]: all clients and groups of a run; [`load`]: who sends when; [`mix`]: and what; [`settle`]: until
//!   everything has arrived; [`deep`]: a group with many messages;
//! - [`client`]: a connected client, its socket a [`line`](mod@line); [`reader`]: the one thread that reads them all,
//!   each into its [`inbox`];
//! - [`floor`]: a bare write; [`pace`]: the same at the run's pace, its reader waiting;
//! - [`tally`], [`histogram`]: what is counted; [`usage`]: what processes use; [`report`]: the figures, in a [`table`].

mod client;
mod command;
mod crowd;
mod deep;
mod error;
mod floor;
mod histogram;
mod inbox;
mod line;
mod load;
mod mix;
mod pace;
mod plan;
mod reader;
mod report;
mod run;
mod settle;
mod table;
mod tally;
mod usage;

pub use command::Bench;
pub use error::{BenchError, Unmeasured};
