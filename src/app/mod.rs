//! Configuration, wiring, telemetry and shutdown.
//!
//! - [`config`]: from flags, environment and a file into typed structs.
//! - [`cli`]: the commands, a file each.
//! - [`identity`]: whose tokens are accepted, and the hub's own key.
//! - [`backends`]: the store and the backplane that the settings name.
//! - [`serve`]: the node, from its start to its named phases of shutdown.
//! - [`operator`]: what operators can order, and who carries it out.
//! - [`telemetry`]: log lines; `metrics`: what the process counts.
//! - `waiting`: for what the hub stands on, at its start.

pub mod backends;
pub mod cli;
pub mod config;
pub mod identity;
mod metrics;
mod open_files;
pub mod operator;
pub mod serve;
mod signing_key;
pub mod telemetry;
mod waiting;
