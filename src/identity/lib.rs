//! Who somebody is, behind the ports [`Tokens`](ports::Tokens) and [`Accounts`](ports::Accounts).
//!
//! - [`tokens`]: JSON Web Tokens, checked and made.
//! - [`accounts`]: usernames and passwords of the hub's own, answered with such tokens.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

// The room's own name and those of the rooms that it may import from: paths read alike in all rooms.
extern crate self as identity;
use hubbub_domain as domain;
use hubbub_ports as ports;

pub mod accounts;
pub mod tokens;
