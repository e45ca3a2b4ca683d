//! Sends on their way into the log, and who waits for their acks.
//!
//! A send's answer comes later than its append: from the delivery of the stored event, or from the
//! store for a repeated one.
//!
//! - `acks`: who waits; - `remembered`: how many sends the backplane still knows; - `repeats`: sends that were seen
//!   before; - `appends`: appends in batches; - `publisher`: the door to all of it.

mod acks;
mod appends;
mod publisher;
mod remembered;
mod repeats;

pub use acks::Stored;
pub(crate) use acks::{Acks, Reply};
pub(crate) use appends::Appends;
pub(crate) use publisher::Publisher;
pub(crate) use repeats::Repeats;
