//! Read marks: raised, kept, and shown to the others. They never go back.
//!
//! - `handler`: marks of users, and receipts; `devices`: how far each of a user's devices has come.

mod devices;
mod handler;

pub(crate) use devices::DeviceMarks;
pub(crate) use handler::{Receipts, ReceiptsConfig};
