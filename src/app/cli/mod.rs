//! The commands, a file each: its arguments, and `run`.

mod admin;
mod braces;
mod command;
mod config;
mod error;
mod health;
mod settings;
mod token;
mod tools;

pub use command::{command_line, run};
pub use error::CommandError;
