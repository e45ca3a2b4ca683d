//! Configuration, wiring, telemetry and shutdown.
//!
//! - [`config`]: from flags, environment and a file into typed structs.
//! - [`cli`]: the commands, a file each.
//! - [`identity`]: whose tokens are accepted, and the hub's own key.
//! - [`telemetry`]: log lines.

pub mod cli;
pub mod config;
pub mod identity;
mod signing_key;
pub mod telemetry;
