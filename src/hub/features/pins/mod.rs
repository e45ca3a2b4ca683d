//! What is pinned in groups.

mod handler;

pub(crate) use handler::Pins;
