//! A WebSocket client over a bare socket, which does only what it is told: for breaking the rules.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use hubbub::protocol::Encoding;
use hubbub::protocol::framing::{client_frame, client_header};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::wait::PATIENCE;

/// Between two bytes of one who takes their time.
const TRICKLE: Duration = Duration::from_millis(200);

/// One connection. It answers no pings and no closes.
pub struct Raw {
    stream: TcpStream,
}

// === impl Raw ===

impl Raw {
    /// Connects to `host:port` and says nothing.
    pub async fn dial(address: &str) -> io::Result<Self> {
        Self::dial_from(Ipv4Addr::LOCALHOST, address).await
    }

    /// Connects from another of this machine's loopback addresses (all of 127.0.0.0/8 are).
    pub async fn dial_from(source: Ipv4Addr, address: &str) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        let stream = socket.connect(address.parse().expect("an address with a port")).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Connects and asks for a WebSocket; fails when the answer is another than 101.
    pub async fn open_from(source: Ipv4Addr, address: &str, encoding: Encoding) -> io::Result<Self> {
        let mut raw = Self::dial_from(source, address).await?;
        raw.write(handshake(address, encoding).as_bytes()).await?;
        match raw.status().await {
            Some(101) => Ok(raw),
            other => Err(io::Error::other(format!("answered with {other:?}"))),
        }
    }

    /// A session from this address, its `welcome` read.
    pub async fn hello_from(source: Ipv4Addr, address: &str, encoding: Encoding, hello: &Value) -> io::Result<Self> {
        let mut raw = Self::open_from(source, address, encoding).await?;
        raw.say(encoding, hello).await?;
        raw.frame().await.map(|_| raw).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Says that nothing more comes; answers are still read.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Writes these bytes. An error says that the hub has ended the connection.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Sends a frame of the protocol.
    pub async fn say(&mut self, encoding: Encoding, frame: &Value) -> io::Result<()> {
        self.write(&encoded(encoding, frame)).await
    }

    /// Reads an HTTP answer's head: its status; `None` when the hub ends the connection first.
    pub async fn status(&mut self) -> Option<u16> {
        let head = async {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(self.stream.read_u8().await.ok()?);
            }
            String::from_utf8(head).ok()?.split(' ').nth(1)?.parse().ok()
        };
        timeout(PATIENCE, head).await.expect("an answer or an end in time")
    }

    /// Writes the same few bytes again and again, slowly, until the hub answers: with what status.
    pub async fn status_of_a_trickle(&mut self, bytes: &[u8]) -> Option<u16> {
        while timeout(TRICKLE, self.stream.readable()).await.is_err() {
            self.write(bytes).await.ok()?;
        }
        self.status().await
    }

    /// The next frame: its first byte and payload; `None` at the connection's end.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let reading = async {
            let first = self.stream.read_u8().await?;
            let length = match self.stream.read_u8().await? {
                126 => usize::from(self.stream.read_u16().await?),
                127 => self.stream.read_u64().await? as usize,
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).await?;
            io::Result::Ok((first, payload))
        };
        timeout(PATIENCE, reading).await.expect("a frame or an end in time").ok()
    }

    /// Reads on to the close frame: its code; `None` when the connection ends without one.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            if let (0x88, payload) = self.frame().await? {
                return Some(u16::from_be_bytes([payload[0], payload[1]]));
            }
        }
    }

    /// Reads and forgets all that comes, until the hub ends the connection.
    pub async fn end(&mut self) {
        let mut scrap = [0; 4096];
        let reading = async { while matches!(self.stream.read(&mut scrap).await, Ok(1..)) {} };
        timeout(PATIENCE, reading).await.expect("an end in time");
    }

    /// Cuts the connection without a word (RST).
    pub fn reset(self) {
        // Closing a socket that does not linger resets it.
        let _ = self.stream.set_zero_linger();
    }
}

/// The request for a WebSocket.
pub fn handshake(address: &str, encoding: Encoding) -> String {
    let protocol = if encoding.is_text() { "hubbub.v1.json" } else { "hubbub.v1.msgpack" };
    format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
    )
}

/// A frame of the protocol as a client sends it.
pub fn encoded(encoding: Encoding, frame: &Value) -> Vec<u8> {
    match encoding {
        Encoding::Json => masked(0x81, frame.to_string().as_bytes()),
        Encoding::MsgPack => masked(0x82, &rmp_serde::to_vec(frame).expect("JSON fits into MessagePack")),
    }
}

/// A WebSocket frame with this first byte, masked with zeros.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    client_frame(first, payload, [0; 4])
}

/// The header of a masked frame that announces so many bytes.
pub fn header(first: u8, length: u64) -> Vec<u8> {
    client_header(first, length, [0; 4])
}
