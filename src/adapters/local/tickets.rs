//! [`Tickets`] in process.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;

use super::LocalBackplane;
use super::aging::Aging;
use crate::domain::Millis;
use crate::ports::{BackplaneError, Tickets};

#[derive(Default)]
pub(super) struct Kept {
    tickets: HashMap<String, (String, Millis)>,
    /// By the end of each; all tickets live equally long, so the queue is in order.
    ends: Aging<String>,
}

// === impl Kept ===

impl Kept {
    fn drop_ended(&mut self, now: Millis) {
        while let Some((_, ticket)) = self.ends.pop_until(now) {
            if self.tickets.get(&ticket).is_some_and(|(_, end)| *end <= now) {
                self.tickets.remove(&ticket);
            }
        }
    }
}

#[async_trait]
impl Tickets for LocalBackplane {
    async fn put_ticket(&self, ticket: &str, contents: &str, ttl: Duration) -> Result<(), BackplaneError> {
        let now = self.clock.now();
        let end = now + ttl.as_millis() as Millis;
        let mut kept = self.tickets.lock();
        kept.drop_ended(now);
        kept.tickets.insert(ticket.to_owned(), (contents.to_owned(), end));
        kept.ends.push(end, ticket.to_owned());
        Ok(())
    }

    async fn take_ticket(&self, ticket: &str) -> Result<Option<String>, BackplaneError> {
        let now = self.clock.now();
        let taken = self.tickets.lock().tickets.remove(ticket);
        Ok(taken.filter(|(_, end)| *end > now).map(|(contents, _)| contents))
    }
}
