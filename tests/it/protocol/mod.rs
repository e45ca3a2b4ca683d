//! The client protocol over real sockets, in both encodings: every frame, code and close code. What
//! the hub says is held to docs/asyncapi.json on the way.

mod endings;
mod frames;
mod me;
pub mod peer;
mod refusals;
mod resume;
mod users;
