//! The node among the others.
//!
//! - `life`: its epochs, its lease, what it says of itself; `beats`: the lease is renewed.
//! - `reap_plan`: who clears away a dead node, and when; `reap`: it is cleared away.
//! - `sweep`: groups that moved on without this node hearing of it.
//! - `orders`: operators have nodes end; `drain`: the end of a node in good order.

mod beats;
mod drain;
mod life;
mod metrics;
mod orders;
mod reap;
mod reap_plan;
mod sweep;
mod vitals;

pub(crate) use beats::Beats;
pub(crate) use drain::Drain;
pub(crate) use life::{LifeConfig, NodeLife};
pub(crate) use metrics::ClusterMetrics;
pub(crate) use orders::DrainOrders;
pub(crate) use reap::Reaper;
pub(crate) use sweep::Sweeper;
pub(crate) use vitals::Vitals;
