//! Configuration, wiring, telemetry and shutdown.
//!
//! - [`config`]: from flags, environment and a file into typed structs.
//! - [`cli`]: the commands, a file each.
//! - [`identity`]: whose tokens are accepted, and the hub's own key.
//! - [`parts`]: the store and the backplane that the settings name.
//! - [`serve`]: the node, from its start to its named phases of shutdown.
//! - [`mod@bench`]: a load generator that checks the contract.
//! - [`capacity`]: how large a deployment must be.
//! - [`probe`]: a user who sends to themself, and measures.
//! - [`operator`]: what operators can order, and who carries it out.
//! - [`telemetry`]: log lines; `metrics`: what the process counts.
//! - `waiting`: for what the hub stands on, at its start.

pub mod backends;
pub mod bench;
pub mod capacity;
pub mod cli;
pub mod config;
pub mod identity;
mod metrics;
mod open_files;
pub mod operator;
mod own_fault;
pub mod probe;
pub mod serve;
mod signing_key;
pub mod telemetry;
mod waiting;
mod wire;
