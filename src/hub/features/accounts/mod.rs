//! The way in and out: one-time tickets for connections, and where to connect; logins that count no more, and users who go.

mod deletion;
mod location;
mod logins;
mod tickets;

pub(crate) use deletion::UserDeletion;
pub use location::Location;
pub(crate) use location::Placement;
pub(crate) use logins::Logins;
pub use tickets::Ticket;
pub(crate) use tickets::TicketDesk;
