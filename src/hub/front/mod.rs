//! The front: one connection's requests, in their order, and callers', each given to the feature that it is of.

mod calls;
mod dispatch;
mod session;
#[cfg(test)]
mod testing;

pub use calls::Calls;
pub(crate) use dispatch::Dispatch;
pub(crate) use session::Front;
pub use session::{ConnectionInfo, Flow, Session};
