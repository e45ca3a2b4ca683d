//! Clients that behave, the record of what happened to them, and the contract held against it.

pub mod actor;
pub mod audience;
pub mod client;
pub mod history;
pub mod stage;
