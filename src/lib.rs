//! hubbub: a group-chat hub that grows by adding nodes.
//!
//! The major components are:
//!
//! - [`kernel`]: what every room works with: pauses between tries, batches, units, metrics.
//! - [`domain`]: what chat is: ids, events, groups, users, refusals with stable codes. No I/O.
//! - [`protocol`]: the frames of the wire protocol and their encodings; a prepared frame is bytes
//!   ready for any socket.
//! - [`ports`]: what the hub needs from outside, as traits with their guarantees.
//! - [`hub`]: the use cases: sessions, publishing, owning partitions, delivery, replay,
//!   membership, presence, reaping, limits, metrics.
//! - [`adapters`]: Redis and in-process backplanes, MongoDB and SQLite stores.
//! - [`identity`]: who somebody is: tokens, and accounts of the hub's own.
//! - [`tools`]: what operators load, measure and reckon with, from outside.
//! - [`transport`]: listeners, the WebSocket session, the HTTP APIs.
//! - [`app`]: configuration, wiring, telemetry, shutdown in named phases.
//!
//! Imports go one way: `kernel`, `domain`, `protocol` ← `ports` ← `hub` ← `transport` ← `app`; `ports` ← `adapters` | `identity` ← `app`; and
//! `kernel`, `domain`, `protocol` ← `tools` ← `app`.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

pub use hubbub_adapters as adapters;
pub use hubbub_domain as domain;
pub use hubbub_hub as hub;
pub use hubbub_identity as identity;
pub use hubbub_kernel as kernel;
pub use hubbub_ports as ports;
pub use hubbub_protocol as protocol;
pub use hubbub_tools as tools;

pub mod app;
pub mod transport;
