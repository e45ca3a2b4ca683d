//! Clients that attack a real node over real sockets. For each attack: what it is answered, that
//! the node's memory and time on the processor stay bounded, and that those who behave lose nothing
//! and are not disconnected. What one client at a time is told for breaking a rule is held in
//! [`crate::protocol`] and in the transport's own tests; docs/security.md lists both.
//!
//! - [`siege`]: an attack from beginning to end, and what it may cost
//! - [`neighbours`]: those who behave, and what they notice

mod connecting;
mod flooding;
mod guessing;
mod http;
mod neighbours;
mod oversized;
mod sending;
mod siege;
mod usage;

use std::net::Ipv4Addr;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::contract::stage::token;

/// Where attackers come from; those who behave come from 127.0.0.1.
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 66, 0, 1);

/// The first frame of a session.
fn hello(user: &str) -> Value {
    json!({"type": "hello", "token": token(user)})
}

/// Has so many do the same at once, and waits for all of them.
async fn all<T>(count: usize, one: impl AsyncFn(usize) -> T) -> Vec<T> {
    let one = &one;
    join_all((0..count).map(|number| one(number))).await
}
