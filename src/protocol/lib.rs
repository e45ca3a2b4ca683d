//! The frames of the wire protocol and their encodings.
//!
//! - [`requests`]: frames that a client may send, decoded and checked for form ([`decode`]) into a [`ClientFrame`].
//! - [`pushes`]: frames that the hub sends, each a [`ServerFrame`].
//! - [`Form`]: what a frame's file says of it, for tables and descriptions.
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

mod encoding;
mod form;
pub mod framing;
pub mod pushes;
pub mod requests;

pub use encoding::Encoding;
pub use form::{Described, Field, Form};
pub use framing::{SUBPROTOCOLS, encode, frame_of};
pub use pushes::{
    GapReason, Glimpse, GroupView, Limits, MeView, MemberList, MemberView, PUSHES, PresenceView, ProfileView,
    ServerFrame, WireEvent,
};
pub use requests::{ClientFrame, Content, REQUESTS, Rejection, RequestId, SendFrame, Target, decode};
