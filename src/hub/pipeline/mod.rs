//! A message's way through: from a send to the nodes with members.
//!
//! - `publish`: appends in batches, remembers who waits for an ack.
//! - `owner`: the partitions this node owns: order, store, commit, route.
//! - `effects`: what events do to others, as rules; `applier`: applied in the store.
//! - `restore`: states that the backplane lost are raised to what the store knows.
//! - `lives`: where lives of groups begin; `probe_group`: the groups of nodes' messages to themselves.
//! - `peers`: what nodes tell each other goes out; `inbox`: it comes in.

pub(crate) mod applier;
pub(crate) mod effects;
pub(crate) mod inbox;
pub(crate) mod lives;
pub(crate) mod metrics;
pub(crate) mod owner;
pub(crate) mod peers;
pub(crate) mod probe_group;
pub(crate) mod publish;
pub(crate) mod restore;
