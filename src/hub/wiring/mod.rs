//! The node is put together: components from the lowest up, each given what it needs.

mod cluster;
mod features;
mod followers;
mod groups;
mod metrics;
mod parts;
mod pipeline;
mod rooms;
mod sessions;

pub use metrics::Metrics;
pub use parts::Optional;
pub(crate) use parts::Parts;
pub(crate) use rooms::Rooms;
