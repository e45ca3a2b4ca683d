//! Who reacts to events.

mod handler;

pub(crate) use handler::Reactions;
pub use handler::{ReactedUser, ReactionsPage};
