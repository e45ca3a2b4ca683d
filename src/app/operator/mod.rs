//! What an operator can do: find and list, make admins, kick and ban, set passwords, delete, drain a node.
//!
//! - [`Order`] says what to do, [`Report`] what came of it; both travel as JSON.
//! - [`Desk`] carries orders out, over the running hub or over the store alone.
//! - [`routes`] takes orders on the internal listener of the running hub.
//! - [`Office`] brings an order to whoever can carry it out: the running hub, else the store.

mod desk;
mod office;
mod order;
mod route;

pub use desk::Desk;
pub use office::{Office, OrderError};
pub use order::{GroupLine, MemberLine, Order, Report, UserLine};
pub use route::{PATH, routes};

#[cfg(test)]
mod tests;
