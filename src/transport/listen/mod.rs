//! From a bound port to an HTTP request with a known client.
//!
//! - [`bind`], [`Listener`], [`Answers`]: the accept loop and HTTP/1.1 on each connection, with deadlines.
//! - [`Admission`]: how many connections, in all and from one address.
//! - [`Client`]: what is known of the one who asks, on every request.
//! - [`origin`]: which pages a browser may come from.

mod accept;
mod admission;
mod client;
pub mod origin;
mod proxy;

pub use accept::{Answers, Listener, bind};
pub use admission::{Admission, ConnectionPermit};
pub use client::{Client, Full};
