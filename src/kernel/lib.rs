//! What every room works with. It knows nothing of chat, and imports from no other room.
//!
//! - [`Backoff`]: pauses between tries, each twice the one before.
//! - [`Batcher`]: what comes while a batch is under way goes with the next.
//! - [`Delayed`]: what is written after a while, together.
//! - [`Maker`]: makes and registers metrics.
//! - [`units`]: durations and sizes as people write them.
//! - [`print()`]: text for whoever reads standard output.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod backoff;
mod batcher;
mod delayed;
mod maker;
mod output;
pub mod units;

pub use backoff::Backoff;
pub use batcher::{Asked, Batcher};
pub use delayed::Delayed;
pub use maker::Maker;
pub use output::print;
