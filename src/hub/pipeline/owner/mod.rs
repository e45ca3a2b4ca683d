//! The partitions that this node owns: read, put in order, store, commit, route.
//!
//! - `owned`: which partitions are ours; `choice`: whose each should be; `lease`: the leases are held.
//! - `order`: each group's entries in the order of their seqs. Pure.
//! - `read`: the logs of the partitions are read; `held`: how it stands with what is pending of each.
//! - `check`: what entries do to others is checked before they are stored, by what becomes of it meanwhile (`targets`).
//! - `store`: one bulk insert, and what became of each entry (`settled`); `apply`: what follows from what is stored.
//! - `batch`, `commit`, `route`: commit, and peer messages to the nodes with members; `notify`: what these are told;
//!   `route_hints`: who they were the last time; `heads`: groups' documents hear of it later.
//! - `task`: the loop over all of it.
//!
//! Two stages run side by side: while a batch is committed and routed, the next is stored.

mod apply;
mod batch;
mod check;
mod choice;
mod commit;
mod heads;
mod held;
mod lease;
#[cfg(test)]
mod model;
mod notify;
mod order;
mod owned;
mod reactions;
mod read;
mod route;
mod route_hints;
mod settled;
mod store;
mod targets;
mod task;

use std::time::Duration;

use crate::kernel::Backoff;

pub(crate) use apply::Aftermath;
pub(crate) use check::EffectChecker;
pub(crate) use commit::Committer;
pub(crate) use heads::DocumentHeads;
pub(crate) use lease::Leases;
pub(crate) use notify::Notifier;
pub(crate) use owned::Owned;
pub(crate) use read::LogReader;
pub(crate) use route::Router;
pub(crate) use store::Inserter;
pub(crate) use task::Owner;

/// Between two tries of what a partition's other entries wait for.
const RETRY: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));
