//! What this node holds: sessions, users, groups, and marks that wait.
//!
//! - `handle`: a session; `users`: those who have any here; `frames`: what is sent to many of them.
//! - `groups`: the groups that have sessions here; `group`: one of them, with its `position` and `ring`.
//! - `marks`: read marks that wait to be stored.

mod frames;
mod group;
mod groups;
mod handle;
mod marks;
mod position;
mod ring;
mod users;

pub(crate) use frames::{fitting, frames_for};
pub(crate) use group::{GroupState, Lack, LocalGroup, Onward};
pub(crate) use groups::LocalGroups;
pub(crate) use handle::{SessionHandle, tell_each};
pub(crate) use marks::WaitingMarks;
#[cfg(test)]
pub(crate) use position::Position;
pub(crate) use users::LocalUsers;
