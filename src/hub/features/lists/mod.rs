//! Groups and lists of them, as those who ask are shown them.

mod handler;

pub(crate) use handler::GroupLists;
