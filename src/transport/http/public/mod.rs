//! The public listener: what clients ask.

mod auth;
mod chat;
mod groups;
mod invites;
mod me;
mod messages;
mod people;
mod routes;

pub(super) use routes::documented;

use super::Api;
