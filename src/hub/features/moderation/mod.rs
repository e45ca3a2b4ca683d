//! People are sent away, as the operator says.

mod handler;

pub(crate) use handler::Moderation;
