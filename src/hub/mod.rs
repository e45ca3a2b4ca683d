//! The use cases.
pub mod config;
mod limits;
mod wire;
