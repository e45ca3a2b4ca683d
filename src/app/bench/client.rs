//! One connected client: a task that reads, and a socket that others write sends to.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use serde_json::json;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::histogram::Histogram;
use crate::app::wire::{Heard, client_frame, masked, next_frame};
use crate::protocol::Encoding;

thread_local! {
    /// One read buffer a thread: an idle client needs none.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; 256 * 1024]);
}

/// What all clients count together.
pub struct Tally {
    /// The clock that all times are in.
    pub clock: Instant,
    /// From a send to its arrival at a client.
    pub latency: Histogram,
    /// Texts of the bench that arrived.
    pub delivered: AtomicU64,
    /// Sends that were answered as stored.
    pub acked: AtomicU64,
    /// Seqs that were skipped without a gap.
    pub missing: AtomicU64,
    /// Seqs that came again within a connection.
    pub duplicates: AtomicU64,
    /// `error` frames.
    pub errors: AtomicU64,
    /// Connections that the hub closed.
    pub closed: AtomicU64,
    /// Joins completed.
    pub joined: AtomicU64,
    /// The last error, to show.
    pub last_error: parking_lot::Mutex<Option<String>>,
}

/// Where a client connects and who it is.
#[derive(Clone)]
pub struct Who {
    /// `host:port`.
    pub address: String,
    /// Its token.
    pub token: String,
    /// Its encoding.
    pub encoding: Encoding,
}

/// A connected client.
pub struct Client {
    stream: Arc<TcpStream>,
    encoding: Encoding,
    state: Arc<State>,
    /// Ids of groups that it was told of by an answer.
    pub groups: mpsc::UnboundedReceiver<String>,
    /// Pages of history that came.
    pub pages: mpsc::UnboundedReceiver<()>,
    welcomed: watch::Receiver<bool>,
    reader: tokio::task::JoinHandle<()>,
}

/// What outlives a connection.
#[derive(Default)]
pub struct State {
    /// The last seq held in the client's one group; 0 before the first.
    pub held: AtomicU64,
    ending: AtomicBool,
}

struct Reader {
    stream: Arc<TcpStream>,
    encoding: Encoding,
    tally: Arc<Tally>,
    state: Arc<State>,
    rest: Vec<u8>,
    groups: mpsc::UnboundedSender<String>,
    pages: mpsc::UnboundedSender<()>,
    welcome: watch::Sender<bool>,
}

// === impl Tally ===

impl Default for Tally {
    fn default() -> Self {
        Self {
            clock: Instant::now(),
            latency: Histogram::default(),
            delivered: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            missing: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            joined: AtomicU64::new(0),
            last_error: parking_lot::Mutex::new(None),
        }
    }
}

impl Tally {
    /// Microseconds of the bench's clock.
    pub fn now(&self) -> u64 {
        self.clock.elapsed().as_micros() as u64
    }
}

// === impl Client ===

impl Client {
    /// Connects, shakes hands and says hello; does not wait for the welcome.
    ///
    /// # Errors
    /// The node cannot be reached or does not speak the protocol.
    pub async fn connect(who: &Who, group: Option<&str>, state: Arc<State>, tally: &Arc<Tally>) -> io::Result<Self> {
        let stream = TcpStream::connect(&who.address).await?;
        stream.set_nodelay(true)?;
        let rest = shake_hands(&stream, who).await?;
        let mut hello = json!({"type": "hello", "token": who.token});
        let held = state.held.load(Ordering::Relaxed);
        if let Some(group) = group.filter(|_| held > 0) {
            hello["cursors"] = json!({group: held});
        }
        let stream = Arc::new(stream);
        let (group_sender, groups) = mpsc::unbounded_channel();
        let (page_sender, pages) = mpsc::unbounded_channel();
        let (welcome, welcomed) = watch::channel(false);
        let reader = Reader {
            stream: stream.clone(),
            encoding: who.encoding,
            tally: tally.clone(),
            state: state.clone(),
            rest,
            groups: group_sender,
            pages: page_sender,
            welcome,
        };
        let client =
            Self { stream, encoding: who.encoding, state, groups, pages, welcomed, reader: tokio::spawn(reader.run()) };
        client.say(&hello).await?;
        Ok(client)
    }

    /// Resolves when the hub has welcomed this client; an error when it closed instead.
    pub async fn welcomed(&mut self) -> io::Result<()> {
        let waited = self.welcomed.wait_for(|welcomed| *welcomed).await;
        waited.map(drop).map_err(|_| io::Error::other("the hub closed the connection before its welcome"))
    }

    /// Sends a frame.
    pub async fn say(&self, frame: &serde_json::Value) -> io::Result<()> {
        write_all(&self.stream, &client_frame(frame, self.encoding)?).await
    }

    /// Drops the connection without a word, as a lost line does.
    pub fn cut(self) {
        self.state.ending.store(true, Ordering::Relaxed);
        self.reader.abort();
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The upgrade; answers what came behind the response's head.
async fn shake_hands(stream: &TcpStream, who: &Who) -> io::Result<Vec<u8>> {
    let protocol = if who.encoding.is_text() { "hubbub.v1.json" } else { "hubbub.v1.msgpack" };
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n",
        who.address,
        fastwebsockets::handshake::generate_key(),
    );
    write_all(stream, request.as_bytes()).await?;
    let mut head = Vec::new();
    loop {
        stream.readable().await?;
        let mut chunk = [0; 2048];
        match stream.try_read(&mut chunk) {
            Ok(0) => return Err(io::Error::other("the node closed the connection during the handshake")),
            Ok(read) => head.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            if !head.starts_with(b"HTTP/1.1 101") {
                let answer = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
                return Err(io::Error::other(format!("the node refused the handshake: {answer}")));
            }
            return Ok(head.split_off(end + 4));
        }
    }
}

// === impl Reader ===

impl Reader {
    async fn run(mut self) {
        loop {
            match self.read_some().await {
                Ok(true) => {}
                Ok(false) | Err(_) => {
                    if !self.state.ending.load(Ordering::Relaxed) {
                        self.tally.closed.fetch_add(1, Ordering::Relaxed);
                    }
                    return;
                }
            }
        }
    }

    /// Reads what there is and takes all whole frames in it; false at the end.
    async fn read_some(&mut self) -> io::Result<bool> {
        if self.rest.is_empty() {
            self.stream.ready(Interest::READABLE).await?;
        }
        let mut pongs = Vec::new();
        let open = SCRATCH.with_borrow_mut(|scratch| -> io::Result<bool> {
            let kept = self.rest.len();
            if scratch.len() < kept * 2 {
                scratch.resize(kept * 2, 0);
            }
            scratch[..kept].copy_from_slice(&self.rest);
            self.rest.clear();
            let read = match self.stream.try_read(&mut scratch[kept..]) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            };
            let mut bytes = &scratch[..kept + read];
            while let Some((heard, length)) = next_frame(bytes, self.encoding) {
                bytes = &bytes[length..];
                match heard {
                    Heard::Ping(payload) => pongs.push(masked(0xa, &payload)),
                    Heard::Close => return Ok(false),
                    heard => self.take(heard),
                }
            }
            self.rest.extend_from_slice(bytes);
            Ok(true)
        })?;
        for pong in pongs {
            write_all(&self.stream, &pong).await?;
        }
        if open && !self.rest.is_empty() {
            self.stream.ready(Interest::READABLE).await?;
        }
        Ok(open)
    }

    fn take(&self, heard: Heard) {
        let count = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        match heard {
            Heard::Message { seq, sent } => {
                let held = self.state.held.load(Ordering::Relaxed);
                if seq <= held {
                    return count(&self.tally.duplicates);
                }
                if held > 0 && seq > held + 1 {
                    self.tally.missing.fetch_add(seq - held - 1, Ordering::Relaxed);
                }
                self.state.held.store(seq, Ordering::Relaxed);
                if let Some(sent) = sent {
                    self.tally.latency.record(self.tally.now().saturating_sub(sent));
                    count(&self.tally.delivered);
                }
            }
            Heard::Gap { to } => self.state.held.store(to, Ordering::Relaxed),
            Heard::Ack => count(&self.tally.acked),
            Heard::Welcome => {
                count(&self.tally.joined);
                self.welcome.send_replace(true);
            }
            Heard::Group(id) => drop(self.groups.send(id)),
            Heard::History => drop(self.pages.send(())),
            Heard::Error(text) => {
                count(&self.tally.errors);
                *self.tally.last_error.lock() = Some(text);
            }
            Heard::Ping(_) | Heard::Close | Heard::Other => {}
        }
    }
}
