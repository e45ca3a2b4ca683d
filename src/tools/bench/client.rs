//! One connected client: connected on the runtime, read by the [`reader`](super::reader), written to
//! from anywhere.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::inbox::Inbox;
use super::line::{Answer, Line};
use super::reader::Orders;
use super::tally::State;
use crate::protocol::Encoding;
use crate::tools::frame_scan::client_frame;

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

/// A connected client; dropped, its connection ends without a word, as a lost line does.
pub struct Client {
    line: Arc<Line>,
    orders: Arc<Orders>,
    welcomed: Option<oneshot::Receiver<()>>,
}

// === impl Client ===

impl Client {
    /// Connects, shakes hands and says hello; does not wait for the welcome.
    ///
    /// # Errors
    /// The node cannot be reached or does not speak the protocol.
    pub async fn connect(who: &Who, group: Option<&str>, state: Arc<State>, orders: &Arc<Orders>) -> io::Result<Self> {
        let stream = TcpStream::connect(&who.address).await?;
        stream.set_nodelay(true)?;
        let rest = shake_hands(&stream, who).await?;
        let mut hello = json!({"type": "hello", "token": who.token});
        let held = state.held.load(Ordering::Relaxed);
        if let Some(group) = group.filter(|_| held > 0) {
            hello["cursors"] = json!({group: held});
        }
        let line = Arc::new(Line::new(stream.into_std()?, who.encoding, state)?);
        let (inbox, welcomed) = Inbox::new(line.clone(), rest);
        let client = Self { line, orders: orders.clone(), welcomed: Some(welcomed) };
        client.say(&hello)?;
        orders.read(inbox);
        Ok(client)
    }

    /// Resolves when the hub has welcomed this client; an error when it closed instead.
    pub async fn welcomed(&mut self) -> io::Result<()> {
        let Some(welcomed) = self.welcomed.take() else { return Ok(()) };
        welcomed.await.map_err(|_| io::Error::other("the hub closed the connection before its welcome"))
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn say<T: Serialize + ?Sized>(&self, frame: &T) -> io::Result<()> {
        if !self.line.write(&client_frame(frame, self.line.encoding)?)? {
            self.orders.watch(self.line.clone());
        }
        Ok(())
    }

    /// Sends a frame and waits for its answer; `None` when none came in time.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn ask(
        &self,
        frame: &serde_json::Value,
        answer: Answer,
        patience: Duration,
    ) -> io::Result<Option<String>> {
        let waiting = self.line.wait_for(answer);
        self.say(frame)?;
        Ok(tokio::time::timeout(patience, waiting).await.ok().and_then(Result::ok))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.line.end();
        self.orders.forget(self.line.clone());
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
                if head.starts_with(b"HTTP/1.1 404") {
                    let advice = format!("{} has no /ws; give the address of a node's public listener", who.address);
                    return Err(io::Error::new(io::ErrorKind::NotFound, advice));
                }
                let answer = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
                return Err(io::Error::other(format!("the node refused the handshake: {answer}")));
            }
            return Ok(head.split_off(end + 4));
        }
    }
}
