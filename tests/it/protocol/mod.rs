//! The client protocol over real sockets, in both encodings: every frame, code and close code. What
//! the hub says is held to docs/asyncapi.json on the way.

mod endings;
mod frames;
mod me;
mod mentions;
pub mod peer;
mod reactions;
mod refusals;
mod replies;
mod resume;
mod seen;
mod users;
