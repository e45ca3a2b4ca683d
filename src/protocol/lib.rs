//! The frames of the wire protocol and their encodings.
//!
//! - [`ClientFrame`]: what a client asks, decoded and checked for form ([`decode`]).
//! - [`ServerFrame`]: what the hub says.
//! - [`Encoding`]: how frames look as bytes, whatever carries them.
//! - [`framing`]: what a transport wraps around them; [`encode`] makes bytes that are ready for any socket.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

// The room's own name and those of the rooms that it may import from: paths read alike in all rooms.
extern crate self as protocol;
use hubbub_domain as domain;

mod client;
mod encoding;
pub mod framing;
mod members;
mod send;
mod server;

pub use client::{ClientFrame, Rejection, RequestId, decode};
pub use encoding::Encoding;
pub use framing::{SUBPROTOCOLS, encode, frame_of};
pub use members::{MemberList, MemberView};
pub use send::{Content, SendFrame, Target};
pub use server::{GapReason, GroupView, Limits, PresenceView, ServerFrame, WireEvent};
