//! Clients that behave, the record of what happened to them, and the contract held against it.

pub mod actor;
pub mod client;
pub mod history;
pub mod listeners;
pub mod stage;
