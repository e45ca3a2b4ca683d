//! Who answers what comes in on a connection.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::{Millis, Refusal};
use crate::hub::{self, ConnectionInfo, Flow, Hub};
use crate::ports::{Identity, Outbound};
use crate::protocol::Encoding;
use crate::transport::wire::Message;

/// One connection's conversation. Messages come one at a time, in order.
pub trait Session: Send + 'static {
    /// Answers one whole message.
    fn handle<'a>(&'a mut self, message: Message<'a>) -> impl Future<Output = Flow> + Send + 'a;

    /// When the session's token runs out, in Unix milliseconds; `None` before a valid `hello`.
    fn expires(&self) -> Option<Millis>;

    /// The connection is gone.
    fn end(self) -> impl Future<Output = ()> + Send;
}

/// Where sessions come from.
#[async_trait]
pub trait Sessions: Clone + Send + Sync + 'static {
    /// What it makes.
    type Session: Session;

    /// Takes a connection in. Cheap: nothing is known of it before its `hello`.
    fn connect(&self, outbound: Arc<dyn Outbound>, encoding: Encoding, info: ConnectionInfo) -> Self::Session;

    /// Who the bearer of this token is.
    async fn authenticate(&self, token: &str) -> Result<Identity, Refusal>;

    /// Who this one-time ticket was issued to.
    async fn redeem_ticket(&self, ticket: &str) -> Result<Identity, Refusal>;

    /// Where clients reach the live nodes (`wss://host/ws`): origins that browsers may come from.
    fn public_urls(&self) -> Vec<String>;

    /// Whether the frames are the hub's protocol: then each encoding has its one frame type, and a
    /// `bye` comes before the hub closes. Otherwise any bytes are taken, in text and binary.
    fn speaks_protocol(&self) -> bool {
        true
    }
}

// === impl Session for the hub's ===

impl Session for hub::Session {
    async fn handle(&mut self, message: Message<'_>) -> Flow {
        self.handle(message.payload).await
    }

    fn expires(&self) -> Option<Millis> {
        self.expires()
    }

    async fn end(self) {
        self.end().await;
    }
}

#[async_trait]
impl Sessions for Arc<Hub> {
    type Session = hub::Session;

    fn connect(&self, outbound: Arc<dyn Outbound>, encoding: Encoding, info: ConnectionInfo) -> hub::Session {
        Hub::connect(self, outbound, encoding, info)
    }

    async fn authenticate(&self, token: &str) -> Result<Identity, Refusal> {
        Hub::authenticate(self, token).await
    }

    async fn redeem_ticket(&self, ticket: &str) -> Result<Identity, Refusal> {
        Hub::redeem_ticket(self, ticket).await
    }

    fn public_urls(&self) -> Vec<String> {
        Hub::public_urls(self)
    }
}
