//! Users: found, made, and shown with their presence; and how one finds another, and is shown them.

mod handler;
mod look;
mod search;

pub use handler::FoundUser;
pub(crate) use handler::People;
pub(crate) use look::Look;
pub(crate) use search::{Found, Search};
