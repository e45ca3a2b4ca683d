//! Users: found, made, and shown with their presence; and how one is shown another.

mod handler;
mod look;

pub use handler::FoundUser;
pub(crate) use handler::People;
pub(crate) use look::Look;
