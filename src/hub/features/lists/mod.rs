//! Groups and lists of them, as those who ask are shown them.

mod handler;
mod own;

pub(crate) use handler::GroupLists;
pub use own::OwnGroup;
