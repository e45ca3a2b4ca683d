//! One-time tickets.

use std::time::Duration;

use async_trait::async_trait;

use super::BackplaneError;

/// One-time tickets.
#[async_trait]
pub trait Tickets: Send + Sync + 'static {
    /// Keeps a ticket's contents for `ttl`.
    async fn put_ticket(&self, ticket: &str, contents: &str, ttl: Duration) -> Result<(), BackplaneError>;

    /// Takes a ticket: its contents for the first who asks, `None` for everybody after, for an
    /// unknown and for an expired one.
    async fn take_ticket(&self, ticket: &str) -> Result<Option<String>, BackplaneError>;
}
