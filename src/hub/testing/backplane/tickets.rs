//! Tickets, in memory.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::Answer;
use crate::hub::testing::link::Link;
use crate::ports::Tickets;

/// Tickets, each taken once.
#[derive(Default)]
pub(crate) struct MemoryTickets {
    kept: Mutex<HashMap<String, String>>,
    pub(crate) link: Link,
}

#[async_trait]
impl Tickets for MemoryTickets {
    async fn put_ticket(&self, ticket: &str, contents: &str, _: Duration) -> Answer<()> {
        self.link.answers()?;
        self.kept.lock().insert(ticket.into(), contents.into());
        Ok(())
    }

    async fn take_ticket(&self, ticket: &str) -> Answer<Option<String>> {
        self.link.answers()?;
        Ok(self.kept.lock().remove(ticket))
    }
}
