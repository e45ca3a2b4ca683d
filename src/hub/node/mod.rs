//! Which life of the node this is, who else lives, and what all of them know.

mod knowledge;
mod state;
mod view;

pub(crate) use knowledge::known;
#[cfg(test)]
pub(crate) use state::Changes;
pub(crate) use state::NodeState;
pub(crate) use view::View;
#[cfg(test)]
pub(crate) use view::tests;
