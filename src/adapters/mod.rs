//! The parts that the hub stands on, each behind a port.

pub mod tokens;
