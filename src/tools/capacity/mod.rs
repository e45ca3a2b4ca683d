//! How large a deployment must be: from unit costs and a load to nodes, partitions, shards and disks.
//!
//! - [`Capacity`]: the command.
//! - [`costs`]: what one message, delivery, session costs, and where that is from.
//! - [`Load`]: what people do; [`Machines`]: what it runs on. All of it can be changed.
//! - [`Need`]: what comes out. Plain arithmetic without state.
//! - [`report`]: the table.

mod command;
pub mod costs;
mod load;
mod machines;
mod need;
pub mod report;
#[cfg(test)]
mod tests;

pub use command::Capacity;
pub use load::Load;
pub use machines::Machines;
pub use need::Need;
