//! A client over a real WebSocket, in either encoding, with another library than the hub's.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hubbub::protocol::Encoding;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long a client waits for anything before it gives the connection up.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection.
pub struct Socket {
    socket: WebSocketStream<TcpStream>,
    encoding: Encoding,
}

/// The connection is over, with the close code when there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over(pub Option<u16>);

impl Socket {
    /// Connects to `host:port` and says nothing yet.
    pub async fn connect(address: &str, encoding: Encoding) -> Result<Self, Over> {
        tokio::time::timeout(PATIENCE, Self::shake_hands(address, encoding)).await.unwrap_or(Err(Over(None)))
    }

    async fn shake_hands(address: &str, encoding: Encoding) -> Result<Self, Over> {
        let stream = TcpStream::connect(address).await.map_err(|_| Over(None))?;
        stream.set_nodelay(true).map_err(|_| Over(None))?;
        let mut request = format!("ws://{address}/ws").into_client_request().map_err(|_| Over(None))?;
        let protocol = if encoding.is_text() { "hubbub.v1.json" } else { "hubbub.v1.msgpack" };
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(protocol));
        let (socket, _) = client_async(request, stream).await.map_err(|_| Over(None))?;
        Ok(Self { socket, encoding })
    }

    pub async fn say(&mut self, frame: &Value) -> Result<(), Over> {
        let message = match self.encoding {
            Encoding::Json => Message::text(frame.to_string()),
            Encoding::MsgPack => Message::binary(rmp_serde::to_vec(frame).map_err(|_| Over(None))?),
        };
        tokio::time::timeout(PATIENCE, self.socket.send(message)).await.map_err(|_| Over(None))?.map_err(|_| Over(None))
    }

    /// The next frame of the hub; may be cancelled.
    pub async fn hear(&mut self) -> Result<Value, Over> {
        loop {
            let message = self.socket.next().await.ok_or(Over(None))?.map_err(|_| Over(None))?;
            match message {
                Message::Text(text) => return serde_json::from_str(&text).map_err(|_| Over(None)),
                Message::Binary(bytes) => return rmp_serde::from_slice(&bytes).map_err(|_| Over(None)),
                Message::Close(frame) => return Err(Over(frame.map(|frame| frame.code.into()))),
                _ => {}
            }
        }
    }

    /// The next frame of the hub; gives up after a while.
    pub async fn hear_soon(&mut self) -> Result<Value, Over> {
        tokio::time::timeout(PATIENCE, self.hear()).await.unwrap_or(Err(Over(None)))
    }

    /// The next frame of a type, skipping others; gives up after a while.
    pub async fn hear_a(&mut self, frame_type: &str) -> Result<Value, Over> {
        let found = async {
            loop {
                let frame = self.hear().await?;
                if frame["type"] == frame_type {
                    return Ok(frame);
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or(Err(Over(None)))
    }

    /// Says something and waits for the reply of a type.
    pub async fn ask(&mut self, frame: &Value, reply: &str) -> Result<Value, Over> {
        self.say(frame).await?;
        self.hear_a(reply).await
    }
}
