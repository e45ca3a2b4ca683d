//! Users: found, made, and shown with their presence.

mod handler;

pub use handler::FoundUser;
pub(crate) use handler::People;
