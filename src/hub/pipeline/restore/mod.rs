//! Group states that the backplane does not hold are restored from the store.
//!
//! - [`Completer`]: a group as the store knows it, its holes filled; - [`Restorer`]: its state in the backplane made so.

mod completer;
mod restorer;

pub(crate) use completer::Completer;
pub(crate) use restorer::Restorer;
