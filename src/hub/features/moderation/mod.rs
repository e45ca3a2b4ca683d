//! People are sent away, as the operator says, or by a newer device of their own.

mod handler;
mod takeover;

pub(crate) use handler::Moderation;
pub(crate) use takeover::Takeover;
