//! Invites: admins make them, and whoever has one joins.

mod handler;

pub(crate) use handler::Invites;
pub use handler::{AskedInvite, MadeInvite};
