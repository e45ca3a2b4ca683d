//! Tickets until they are taken, or over.

use std::collections::HashMap;

use super::aging::Aging;
use crate::domain::Millis;

#[derive(Default)]
pub(super) struct KeptTickets {
    tickets: HashMap<String, (String, Millis)>,
    /// By the end of each; all tickets live equally long, so the queue is in order.
    ends: Aging<String>,
}

// === impl KeptTickets ===

impl KeptTickets {
    fn drop_ended(&mut self, now: Millis) {
        while let Some((_, ticket)) = self.ends.pop_until(now) {
            if self.tickets.get(&ticket).is_some_and(|(_, end)| *end <= now) {
                self.tickets.remove(&ticket);
            }
        }
    }

    pub(super) fn put(&mut self, ticket: &str, contents: &str, now: Millis, end: Millis) {
        self.drop_ended(now);
        self.tickets.insert(ticket.to_owned(), (contents.to_owned(), end));
        self.ends.push(end, ticket.to_owned());
    }

    pub(super) fn take(&mut self, ticket: &str, now: Millis) -> Option<String> {
        self.tickets.remove(ticket).filter(|(_, end)| *end > now).map(|(contents, _)| contents)
    }
}
