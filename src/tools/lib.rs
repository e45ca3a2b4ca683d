//! The tools for operators, each a command of its own. They meet a hub as anybody from outside does, over its protocol,
//! and import nothing of what it is made of.
//!
//! - [`bench`](mod@bench): a load generator that checks the contract.
//! - [`probe`]: a user who sends to themself, and measures.
//! - [`capacity`]: how large a deployment must be.
//! - `frame_scan`: as much of the protocol as they need, read without building anything.
//! - `own_fault`: what the machine of a tool lacks.
//! - [`Mint`]: the tokens that they show.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

// The room's own name and those of the rooms that it may import from: paths read alike in all rooms.
extern crate self as tools;
use hubbub_domain as domain;
use hubbub_kernel as kernel;
use hubbub_protocol as protocol;

pub mod bench;
pub mod capacity;
mod frame_scan;
mod own_fault;
pub mod probe;
mod token;

pub use token::{Mint, NoToken};
