//! Clients that behave, the record of what happened to them, and the contract held against it; what is stored, held
//! against what was followed.

pub mod actor;
pub mod client;
pub mod followed;
pub mod history;
pub mod listeners;
pub mod stage;
