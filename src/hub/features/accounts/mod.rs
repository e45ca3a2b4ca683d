//! The way in: one-time tickets for connections, and where to connect.

mod location;
mod tickets;

pub use location::Location;
pub(crate) use location::Placement;
pub use tickets::Ticket;
pub(crate) use tickets::TicketDesk;
