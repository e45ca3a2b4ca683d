//! What nodes share, in memory: a fake for each of the small ports.

mod cluster;
mod followers;
mod inboxes;
mod log;
mod registry;
mod tickets;

pub(crate) use cluster::MemoryCluster;
pub(crate) use inboxes::MemoryInboxes;
pub(crate) use log::MemoryLog;
pub(crate) use registry::MemoryRegistry;
pub(crate) use tickets::MemoryTickets;

use crate::ports::BackplaneError;

type Answer<T> = Result<T, BackplaneError>;
