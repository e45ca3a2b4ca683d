//! Who has seen an event.

mod handler;

pub(crate) use handler::Seen;
pub use handler::SeenPage;
