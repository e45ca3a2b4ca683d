//! The front: one connection's requests, in their order, each given to the feature that it is of.

mod dispatch;
mod session;

pub(crate) use dispatch::Dispatch;
pub(crate) use session::Front;
pub use session::{ConnectionInfo, Flow, Session};
