//! The hub's WebSocket transport with an echo behind it: what the Autobahn suite is run against.
//!
//! `cargo run --release --example websocket_echo -- 127.0.0.1:9001` serves `ws://127.0.0.1:9001/ws`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hubbub::domain::{Code, Millis, Refusal};
use hubbub::hub::{ConnectionInfo, Flow};
use hubbub::ports::{Identity, Outbound};
use hubbub::protocol::{Encoding, frame_of};
use hubbub::transport::listen::{Admission, Answers, Listener, bind};
use hubbub::transport::wire::Message;
use hubbub::transport::ws::{Connections, Gateway, Session, Sessions, routes};
use hubbub::transport::{TransportConfig, TransportMetrics};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The suite's largest messages have 16 MiB.
const MAX_MESSAGE: usize = 32 * 1024 * 1024;

#[derive(Clone)]
struct Echo;

struct EchoSession(Arc<dyn Outbound>);

impl Session for EchoSession {
    async fn handle(&mut self, message: Message<'_>) -> Flow {
        let encoding = if message.text { Encoding::Json } else { Encoding::MsgPack };
        self.0.offer(&frame_of(message.payload, encoding));
        Flow::Continue
    }

    fn expires(&self) -> Option<Millis> {
        Some(Millis::MAX)
    }

    async fn end(self) {}
}

#[async_trait]
impl Sessions for Echo {
    type Session = EchoSession;

    fn connect(&self, outbound: Arc<dyn Outbound>, _: Encoding, _: ConnectionInfo) -> EchoSession {
        EchoSession(outbound)
    }

    async fn authenticate(&self, _: &str) -> Result<Identity, Refusal> {
        Err(Refusal::new(Code::Unauthorized, "an echo knows nobody"))
    }

    async fn redeem_ticket(&self, ticket: &str) -> Result<Identity, Refusal> {
        self.authenticate(ticket).await
    }

    fn public_urls(&self) -> Vec<String> {
        Vec::new()
    }

    fn speaks_protocol(&self) -> bool {
        false
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address: SocketAddr = std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:9001").parse()?;
    let mut config = TransportConfig::default();
    config.websocket.max_message = MAX_MESSAGE;
    config.websocket.max_queue = 4 * MAX_MESSAGE;
    config.websocket.max_control_frames = u32::MAX;
    // Cases that leave off in the middle are ended by the suite, not by a heartbeat between its frames.
    config.websocket.heartbeat = Duration::from_secs(3_600);
    let metrics = TransportMetrics::register(&prometheus::Registry::new())?;
    let connections = Connections::new(config.websocket, metrics.websocket);
    tokio::spawn(connections.clone().run_timer());
    let admission = Admission::new(config.admission, metrics.admission);
    let gateway = Gateway { sessions: Echo, connections, admission: admission.clone(), tasks: TaskTracker::new() };
    let socket = bind(address)?;
    println!("echoing at ws://{}/ws", socket.local_addr()?);
    let answers = Answers::at_first(routes(Arc::new(gateway)));
    let listener = Listener { socket, answers, admission, config: config.http };
    listener.serve(CancellationToken::new()).await;
    Ok(())
}
