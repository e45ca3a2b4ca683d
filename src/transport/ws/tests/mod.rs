//! Connections over real sockets.

mod closing;
mod conversation;
mod handshake;
mod outbound;
mod timing;
