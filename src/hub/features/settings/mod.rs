//! What admins set of groups: each change an event of kind `updated` in the sequence.
//!
//! - `handler`: what differs is appended and waited for; `frames`: what sessions ask of it.

mod frames;
mod handler;

pub(crate) use handler::Settings;
