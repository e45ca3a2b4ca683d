//! One-time tickets for connections.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Code, Millis, Profile, Refusal, UserId, now_ms, random_token};
use crate::ports::{Identity, Tickets};

/// How long a ticket may wait for its connection.
const TICKET_TTL: Duration = Duration::from_secs(30);

/// A one-time ticket for a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// What to put into `?ticket=`.
    pub ticket: String,
    /// When it is worth nothing any more.
    pub expires: Millis,
}

/// What a ticket stands for.
#[derive(Serialize, Deserialize)]
struct TicketContents {
    user: UserId,
    username: String,
    name: String,
    expires: Millis,
    /// An older node's ticket has none: its bearer had a good token a moment ago.
    proven: Option<Millis>,
}

/// Makes and takes tickets.
pub(crate) struct TicketDesk {
    tickets: Arc<dyn Tickets>,
}

// === impl TicketDesk ===

impl TicketDesk {
    pub(crate) fn new(tickets: Arc<dyn Tickets>) -> Self {
        Self { tickets }
    }

    /// Makes a one-time ticket for somebody who proved who they are.
    pub(crate) async fn issue(&self, identity: &Identity) -> Result<Ticket, Refusal> {
        let ticket = random_token();
        let contents = TicketContents {
            user: identity.user.clone(),
            username: identity.profile.username.clone(),
            name: identity.profile.name.clone(),
            expires: identity.expires,
            proven: Some(identity.proven),
        };
        let contents = serde_json::to_string(&contents)
            .map_err(|_| Refusal::new(Code::Internal, "a ticket could not be made; tell the operator"))?;
        self.tickets.put_ticket(&ticket, &contents, TICKET_TTL).await?;
        Ok(Ticket { ticket, expires: now_ms() + TICKET_TTL.as_millis() as Millis })
    }

    /// Takes a ticket: it is worth something once.
    pub(crate) async fn redeem(&self, ticket: &str) -> Result<Identity, Refusal> {
        let taken = self.tickets.take_ticket(ticket).await?;
        let contents = taken.and_then(|contents| serde_json::from_str::<TicketContents>(&contents).ok());
        let contents = contents.filter(|contents| contents.expires > now_ms());
        let contents = contents.ok_or_else(|| {
            Refusal::new(Code::Unauthorized, "this ticket was used or has expired; get a new one from /auth/ticket")
        })?;
        let profile = Profile { username: contents.username, name: contents.name };
        let proven = contents.proven.unwrap_or_else(now_ms);
        Ok(Identity { user: contents.user, profile, expires: contents.expires, proven })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{MemoryTickets, user};

    #[tokio::test]
    async fn a_ticket_is_worth_something_once_and_while_its_bearer_is_proven() {
        let desk = TicketDesk::new(Arc::<MemoryTickets>::default());
        let profile = Profile { username: "anna".into(), name: "Anna".into() };
        let identity = Identity { user: user("anna"), profile, expires: now_ms() + 60_000, proven: 7 };
        let issued = desk.issue(&identity).await.unwrap();
        assert_eq!(desk.redeem(&issued.ticket).await.unwrap(), identity);
        assert_eq!(desk.redeem(&issued.ticket).await.unwrap_err().code, Code::Unauthorized);
        let over = desk.issue(&Identity { expires: now_ms(), ..identity }).await.unwrap();
        assert_eq!(desk.redeem(&over.ticket).await.unwrap_err().code, Code::Unauthorized);
    }

    #[tokio::test]
    async fn a_silent_backplane_makes_no_ticket_and_calls_none_worthless() {
        let kept = Arc::<MemoryTickets>::default();
        let desk = TicketDesk::new(kept.clone());
        let identity = crate::hub::testing::identity("anna", now_ms() + 60_000);
        let issued = desk.issue(&identity).await.unwrap();
        kept.link.be_silent(true);
        assert_eq!(desk.issue(&identity).await.unwrap_err().code, Code::Unavailable);
        let refused = desk.redeem(&issued.ticket).await.unwrap_err();
        assert_eq!(refused.code, Code::Unavailable, "it may be worth something still");
        kept.link.be_silent(false);
        assert_eq!(desk.redeem(&issued.ticket).await.unwrap().user, identity.user);
        kept.put_ticket("torn", "{", TICKET_TTL).await.unwrap();
        for worthless in ["torn", "never made"] {
            assert_eq!(desk.redeem(worthless).await.unwrap_err().code, Code::Unauthorized);
        }
    }
}
