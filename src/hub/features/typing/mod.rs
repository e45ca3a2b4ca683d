//! Who types, for those who watch the group. Best effort.

mod handler;

pub(crate) use handler::Typing;
