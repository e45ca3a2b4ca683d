//! Groups on this node, and sessions in them: what is stored reaches the sockets, in order and without a hole.
//!
//! - `routes`: groups leave the node; `lives`: a life of a group ends here.
//! - `names`, `views`, `documents`, `listing`: groups as their members are shown them.
//! - `own_reactions`: which reactions are a reader's own.
//! - `heads`: how far groups have come, for who asks from outside.
//! - `fetch`: what is missing; `give_out`: what is in turn; `catch_up`: the task for both; `deliver`: what comes in.
//! - `replay`: what a resuming session missed.
//! - `join`: groups come to this node; `attach`: sessions come to groups; `compare`: after a loss, all are looked at.

mod attach;
mod catch_up;
mod compare;
mod deliver;
mod documents;
mod fetch;
mod give_out;
mod heads;
mod join;
mod listing;
mod lives;
mod metrics;
mod names;
mod own_reactions;
mod replay;
#[cfg(test)]
mod resume_model;
mod routes;
mod views;

pub(crate) use attach::Attacher;
pub(crate) use catch_up::CatchUp;
pub(crate) use compare::Comparisons;
pub(crate) use deliver::Deliverer;
pub(crate) use documents::Documents;
pub(crate) use fetch::Fetcher;
pub(crate) use give_out::Giver;
pub(crate) use heads::Heads;
pub(crate) use join::Joiner;
pub(crate) use listing::{Listing, keep_within};
pub(crate) use lives::Lives;
pub(crate) use metrics::GroupMetrics;
pub(crate) use names::Names;
pub(crate) use own_reactions::OwnReactions;
pub(crate) use replay::{Plan, Replayer};
pub(crate) use routes::Routes;
pub(crate) use views::Views;
