//! What an operator can do: find and list, also nodes, make admins, kick and ban, set passwords, delete, drain a node.
//!
//! - [`AdminCommand`] says what to do, [`Report`] what came of it; both travel as JSON.
//! - [`AdminService`] carries orders out, over the running hub or over the store alone.
//! - [`routes`] takes orders on the internal listener of the running hub.
//! - [`AdminClient`] brings an order to whoever can carry it out: the running hub, else the store.

mod admin_client;
mod admin_command;
mod admin_service;
mod devices;
mod route;

pub use admin_client::{AdminClient, OrderError};
pub use admin_command::{
    AdminCommand, DeviceLine, DeviceMark, FollowerLine, GroupLine, MemberLine, NodeLine, Report, UserLine,
};
pub use admin_service::AdminService;
pub use route::{PATH, routes};

#[cfg(test)]
mod tests;
