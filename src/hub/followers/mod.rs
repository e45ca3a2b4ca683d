//! What follows stored events beside delivery, and never holds it up.
//!
//! - `follower`: what a follower is; `runner`: all of a node's, put together.
//! - `choice`, `leases`, `crew`: one worker a (follower, partition), on whichever node is to have it.
//! - `driver`: which groups moved; `wants`, `comparison`: all are compared where that cannot be told.
//! - `assignment`, `assignments`: what this node works on; `pending`, `progress`: what waits in it, and what is done.
//! - `worker`, `work`, `pages`: groups are read and handed over; `raise`: what is done is stored.
//! - `due`: what is to be done later; `clock`: the backplane's time; `report`, `places`, `metrics`: how far they are.

mod assignment;
mod assignments;
mod choice;
mod clock;
mod comparison;
mod crew;
mod driver;
mod due;
mod follower;
mod leases;
mod metrics;
mod pages;
mod pending;
mod places;
mod progress;
mod raise;
mod report;
mod runner;
#[cfg(test)]
pub(crate) mod tests;
mod wants;
mod work;
mod worker;

pub(crate) use clock::BackplaneClock;
pub(crate) use follower::{Begins, Failure, Follower};
pub use metrics::FollowerMetrics;
pub use places::FollowerPlace;
pub(crate) use places::places;
pub(crate) use runner::{Followers, Ground};
