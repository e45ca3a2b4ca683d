//! [`Tickets`] in process.

use std::time::Duration;

use async_trait::async_trait;

use super::LocalBackplane;
use crate::domain::Millis;
use crate::ports::{BackplaneError, Tickets};

#[async_trait]
impl Tickets for LocalBackplane {
    async fn put_ticket(&self, ticket: &str, contents: &str, ttl: Duration) -> Result<(), BackplaneError> {
        let now = self.clock.now();
        self.tickets.lock().put(ticket, contents, now, now + ttl.as_millis() as Millis);
        Ok(())
    }

    async fn take_ticket(&self, ticket: &str) -> Result<Option<String>, BackplaneError> {
        Ok(self.tickets.lock().take(ticket, self.clock.now()))
    }
}
