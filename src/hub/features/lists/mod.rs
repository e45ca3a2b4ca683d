//! Groups and lists of them, as those who ask are shown them.
//!
//! - `handler`: lists, and who is in them; `own`: somebody's own groups; `page`: pages of a list; `look`: one group; `new_groups`: those who
//!   make a group see it; `frames`: what sessions ask of it.

mod frames;
mod handler;
mod look;
mod new_groups;
mod own;
mod page;
#[cfg(test)]
mod tests;

pub(crate) use handler::GroupLists;
pub(crate) use look::GroupLook;
pub use look::ShownGroup;
pub use new_groups::AskedGroup;
pub(crate) use new_groups::NewGroups;
pub use own::OwnGroup;
pub use page::ListedFrom;
