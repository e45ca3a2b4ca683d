//! The internal listener: what services and operators ask.

mod cluster;
mod followers;
mod groups;
mod health;
mod messages;
mod routes;
mod users;

pub(super) use health::{alive, gathered};
pub(super) use routes::{documented, documented_health, documented_page};

use super::Api;
