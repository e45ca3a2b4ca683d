//! What was said: pages of groups' histories, single messages, and what is too old.

mod frames;
mod pages;
mod replies;
mod retention;
mod slots;

pub(crate) use pages::History;
pub use pages::{BundleQuery, HistoryBundle, HistoryPage, HistoryQuery};
pub(crate) use retention::{RETENTION, Retention};
