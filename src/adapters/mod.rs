//! The parts that the hub stands on, each behind a port.

pub mod accounts;
mod limits;
pub mod local;
pub mod mongodb;
pub mod redis;
pub mod sqlite;
pub mod tokens;

pub use limits::BackplaneLimits;
