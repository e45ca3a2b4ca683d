//! What every room works with. It knows nothing of chat, and imports from no other room.
//!
//! - [`Backoff`]: pauses between tries, each twice the one before.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod backoff;

pub use backoff::Backoff;
