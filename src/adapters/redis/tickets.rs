//! [`Tickets`] in Redis.

use std::time::Duration;

use async_trait::async_trait;
use fred::interfaces::KeysInterface;
use fred::types::Expiration;

use super::RedisBackplane;
use super::reply::to_error;
use crate::ports::{BackplaneError, Tickets};

#[async_trait]
impl Tickets for RedisBackplane {
    async fn put_ticket(&self, ticket: &str, contents: &str, ttl: Duration) -> Result<(), BackplaneError> {
        let ttl = Expiration::PX(ttl.as_millis().max(1) as i64);
        let put = self.client.set::<(), _, _>(self.keys.ticket(ticket), contents, Some(ttl), None, false).await;
        put.map_err(|error| to_error(&error))
    }

    async fn take_ticket(&self, ticket: &str) -> Result<Option<String>, BackplaneError> {
        self.client.getdel(self.keys.ticket(ticket)).await.map_err(|error| to_error(&error))
    }
}
