//! Users' own profiles: read, changed, and told to the user's other sessions.

mod frames;
mod handler;

pub(crate) use handler::Profiles;
