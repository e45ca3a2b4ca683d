//! Both HTTP APIs over real sockets: every operation that is described is asked and answers as
//! described.

pub mod caller;
mod conversations;
mod descriptions;
mod groups;
mod internal;
mod invites;
mod me;
mod public;
mod renewal;
