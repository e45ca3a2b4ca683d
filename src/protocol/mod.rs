//! The frames of the wire protocol and their encodings.
//!
//! - [`ClientFrame`]: what a client asks, decoded and checked for form ([`decode`]).
//! - [`ServerFrame`]: what the hub says, encoded ([`encode`]) into bytes ready for any socket.
//! - [`Encoding`]: how frames look as bytes.

mod client;
mod encoding;
mod members;
mod server;

pub use client::{ClientFrame, Rejection, RequestId, SendFrame, Target, decode};
pub use encoding::{Encoding, SUBPROTOCOLS, encode, frame_of};
pub use members::{MemberList, MemberView};
pub use server::{GapReason, GroupView, Limits, PresenceView, ServerFrame, WireEvent};
