//! A hub that echoes, a real listener, and a raw client, for tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use prometheus::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::listen::{Admission, Answers, Listener, bind};
use super::wire::{Message, testing::frame};
use super::ws::{Connections, Gateway, Session, Sessions, routes};
use super::{TransportConfig, TransportMetrics};
use crate::domain::{Code, Ending, Millis, Profile, Refusal, UserId};
use crate::hub::{ConnectionInfo, Flow};
use crate::ports::{Identity, Outbound};
use crate::protocol::{Encoding, frame_of};

/// Nothing in these tests takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The key of RFC 6455's own example, and its answer.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Sends back what it gets. A message `hello` is a valid hello, `go away` closes with 4003.
#[derive(Clone)]
pub(crate) struct Echo {
    /// When tokens run out.
    pub expires: Millis,
    /// See [`Sessions::speaks_protocol`].
    pub protocol: bool,
    /// Every connection that came, for the test to send on.
    pub came: Arc<Mutex<Vec<(Arc<dyn Outbound>, ConnectionInfo)>>>,
    /// How many have ended.
    pub ended: Arc<Mutex<usize>>,
}

pub(crate) struct EchoSession {
    echo: Echo,
    outbound: Arc<dyn Outbound>,
    greeted: bool,
}

impl Default for Echo {
    fn default() -> Self {
        Self { expires: Millis::MAX, protocol: true, came: Default::default(), ended: Default::default() }
    }
}

impl Session for EchoSession {
    async fn handle(&mut self, message: Message<'_>) -> Flow {
        match &*message.payload {
            b"hello" => self.greeted = true,
            b"go away" => return Flow::Close(Ending::Banned),
            _ => {}
        }
        let encoding = if message.text { Encoding::Json } else { Encoding::MsgPack };
        self.outbound.offer(&frame_of(message.payload, encoding));
        Flow::Continue
    }

    fn expires(&self) -> Option<Millis> {
        self.greeted.then_some(self.echo.expires)
    }

    async fn end(self) {
        *self.echo.ended.lock() += 1;
    }
}

#[async_trait]
impl Sessions for Echo {
    type Session = EchoSession;

    fn connect(&self, outbound: Arc<dyn Outbound>, _: Encoding, info: ConnectionInfo) -> EchoSession {
        self.came.lock().push((outbound.clone(), info));
        EchoSession { echo: self.clone(), outbound, greeted: !self.protocol }
    }

    async fn authenticate(&self, token: &str) -> Result<Identity, Refusal> {
        match token {
            "good" => Ok(Identity {
                user: UserId::parse("anna").unwrap(),
                profile: Profile::default(),
                expires: self.expires,
                proven: 0,
            }),
            _ => Err(Refusal::new(Code::Unauthorized, "no")),
        }
    }

    async fn redeem_ticket(&self, ticket: &str) -> Result<Identity, Refusal> {
        self.authenticate(ticket).await
    }

    fn public_urls(&self) -> Vec<String> {
        vec!["wss://node.example/ws".into()]
    }

    fn speaks_protocol(&self) -> bool {
        self.protocol
    }
}

/// A running listener with [`Echo`] behind it.
pub(crate) struct Server {
    pub address: SocketAddr,
    pub echo: Echo,
    pub registry: Registry,
    pub stop: CancellationToken,
    _stop: DropGuard,
}

impl Server {
    pub async fn start(config: TransportConfig, echo: Echo) -> Self {
        let registry = Registry::new();
        let metrics = TransportMetrics::register(&registry).unwrap();
        let connections = Connections::new(config.websocket, metrics.websocket);
        let admission = Admission::new(config.admission, metrics.admission);
        let stop = CancellationToken::new();
        let gateway = Gateway {
            sessions: echo.clone(),
            connections: connections.clone(),
            admission: admission.clone(),
            tasks: TaskTracker::new(),
        };
        let socket = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = socket.local_addr().unwrap();
        let answers = Answers::at_first(routes(Arc::new(gateway)));
        let listener = Listener { socket, answers, admission, config: config.http };
        tokio::spawn(listener.serve(stop.clone()));
        let timer = stop.clone();
        tokio::spawn(async move { timer.run_until_cancelled(connections.run_timer()).await });
        Self { address, echo, registry, stop: stop.clone(), _stop: stop.drop_guard() }
    }

    /// The value of a counter or gauge; the sum over its labels that hold `label`.
    pub fn metric(&self, name: &str, label: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).expect("a metric of this name");
        let labelled = family
            .get_metric()
            .iter()
            .filter(|metric| label.is_empty() || metric.get_label().iter().any(|pair| pair.value() == label));
        labelled.map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value()).sum()
    }

    /// Bytes that wait for clients to read.
    pub fn queued(&self) -> f64 {
        self.metric("hubbub_queue_bytes", "")
    }

    /// The way out of the newest connection.
    pub fn newest(&self) -> Arc<dyn Outbound> {
        self.echo.came.lock().last().expect("a connection came").0.clone()
    }
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// A WebSocket client that does as it is told.
pub(crate) struct Raw {
    pub stream: TcpStream,
}

/// What an HTTP server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Raw {
    pub async fn dial(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    /// An open WebSocket without subprotocol.
    pub async fn open(address: SocketAddr) -> Self {
        let (raw, answer) = Self::ask(address, &[]).await;
        assert_eq!(answer.status, 101, "{answer:?}");
        raw
    }

    /// Sends a handshake with these headers besides; what was answered.
    pub async fn ask(address: SocketAddr, headers: &[&str]) -> (Self, Answer) {
        let mut raw = Self::dial(address).await;
        raw.send(handshake("/ws", headers).as_bytes()).await;
        let answer = raw.answer().await;
        (raw, answer)
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("in time").unwrap();
    }

    /// Reads an HTTP answer, with a body when it has a length.
    pub async fn answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await.expect("a whole head"));
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head[9..12].parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.stream.read_exact(&mut body).await.unwrap();
        Answer { status, head, body }
    }

    async fn byte(&mut self) -> Option<u8> {
        let byte = tokio::time::timeout(PATIENCE, self.stream.read_u8()).await.expect("in time");
        byte.ok()
    }

    /// The next frame: its first byte and payload. `None` at the end of the connection.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.byte().await?;
        let length = match self.byte().await? {
            126 => usize::from(self.stream.read_u16().await.ok()?),
            127 => self.stream.read_u64().await.ok()? as usize,
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some((first, payload))
    }

    pub async fn text(&mut self) -> String {
        match self.frame().await {
            Some((0x81, payload)) => String::from_utf8(payload).unwrap(),
            other => panic!("not a text: {other:?}"),
        }
    }

    /// Reads on to the close frame: its code, and the last `bye` before it.
    pub async fn closed(&mut self) -> (u16, Option<serde_json::Value>) {
        let mut bye = None;
        while let Some((first, payload)) = self.frame().await {
            match first {
                0x88 => return (u16::from_be_bytes([payload[0], payload[1]]), bye),
                0x81 => bye = serde_json::from_slice(&payload).ok().filter(|v: &serde_json::Value| v["type"] == "bye"),
                _ => {}
            }
        }
        panic!("the connection ended without a close frame");
    }

    /// Answers the hub's close frame, and waits for the end.
    pub async fn finish(&mut self) {
        self.send(&frame(0x88, &1000u16.to_be_bytes())).await;
        while self.frame().await.is_some() {}
    }
}

/// A handshake's bytes.
pub(crate) fn handshake(path: &str, headers: &[&str]) -> String {
    let extra: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "GET {path} HTTP/1.1\r\nHost: hub.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{extra}\r\n"
    )
}
