//! The parts that the hub stands on, each behind a port.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

// The room's own name and those of the rooms that it may import from: paths read alike in all rooms.
extern crate self as adapters;
use hubbub_domain as domain;
use hubbub_kernel as kernel;
use hubbub_ports as ports;

mod limits;
pub mod local;
pub mod mongodb;
mod records;
pub mod redis;
pub mod sqlite;

pub use limits::BackplaneLimits;
