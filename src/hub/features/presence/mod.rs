//! Who is online, for those who asked to see it. Best effort: coalesced, dropped under load.
//!
//! - `watchers`: whom local sessions watch; `told`: changes of presence; `watch`: sessions ask to see them;
//!   `follow`: what they watch follows who joins and leaves.

mod follow;
mod told;
mod watch;
mod watchers;

pub(crate) use told::Presence;
pub(crate) use watch::Watching;
pub(crate) use watchers::Watchers;
