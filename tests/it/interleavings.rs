//! What may happen between two steps of a message's way, each forced: nodes of one process over one
//! Redis and one store are stopped at a chosen call, or told that it failed, while others go on.
//!
//! - [`gates`]: where calls are held and failed; [`gated`]: the ports behind them
//! - [`scene`]: the nodes and what all must agree on in the end
//! - [`owners`]: an owner is stopped, or misled, between any two of its steps
//! - [`leavers`]: an owner that drains hands over what it owns, a session that ends is gone
//! - [`losses`]: Redis loses all or some of what it held at the wrong moment
//! - [`resumers`]: a hello is held up while the group goes on
//! - [`callers`]: calls come to a node that holds nothing of the group
//! - [`comers`]: somebody joins or leaves while their node is busy with the group
//! - [`effects`]: every write of an owner is a point at which it dies, with what events do to others under way
//! - [`erasures`]: what is deleted is nowhere any more
//! - [`followers`]: what follows stored events dies between its steps, or hears nothing for long
//! - [`deletions`]: a group is deleted while something of it is under way
//! - [`creations`]: a group is deleted while it is being made, and made anew
//! - [`senders`]: repeats, removals and first messages while a send is under way
//! - [`successors`]: admins come and go, several at once

mod callers;
mod comers;
mod creations;
mod deletions;
mod effects;
mod erasures;
mod followers;
mod gated;
mod gates;
mod leavers;
mod losses;
mod owners;
mod reacted;
mod resumers;
mod senders;
mod successors;
mod test_cluster;
