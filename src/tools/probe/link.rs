//! The probe's connection to a hub: through TLS and proxies, as a browser would come.

use std::io;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use reqwest::{StatusCode, Upgraded, header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use url::Url;

use super::error::ProbeError;
use super::target::{client_for, refusal};
use crate::domain::random_token;
use crate::protocol::Encoding;
use crate::tools::frame_scan::{Heard, MARK, client_frame, masked, next_frame};

const ENCODING: Encoding = Encoding::Json;

/// A connection that was welcomed.
pub struct Link {
    stream: Upgraded,
    received: BytesMut,
    clock: Instant,
    sent: u64,
    /// Part of every cid, so that none is ever used again.
    life: String,
}

/// A message of ours that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    /// From its sending to its arrival.
    pub took: Duration,
}

// === impl Link ===

impl Link {
    /// Connects, says hello and is welcomed, all within `patience`.
    pub async fn open(url: &Url, token: &str, patience: Duration) -> Result<Self, ProbeError> {
        let opened = timeout(patience, Self::shake_hands(url, patience)).await;
        let late = |_| ProbeError::Unreachable { url: url.clone(), why: format!("no answer within {patience:?}") };
        let mut link = opened.map_err(late)??;
        link.say(&json!({"type": "hello", "token": token}), "its welcome").await?;
        link.until("its welcome", patience, |heard| matches!(heard, Heard::Welcome(_)).then_some(())).await.map_err(
            |error| match error {
                ProbeError::Denied { code, message } if code == "unauthorized" || code == "forbidden" => {
                    ProbeError::Token { url: url.clone(), detail: message }
                }
                other => other,
            },
        )?;
        Ok(link)
    }

    async fn shake_hands(url: &Url, patience: Duration) -> Result<Self, ProbeError> {
        let mut address = url.clone();
        let scheme = if matches!(url.scheme(), "wss" | "https") { "https" } else { "http" };
        address.set_scheme(scheme).map_err(|()| ProbeError::no_hub(url))?;
        let request = client_for(url, patience)?
            .get(address)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, fastwebsockets::handshake::generate_key())
            .header(header::SEC_WEBSOCKET_PROTOCOL, "hubbub.v1.json");
        let response = request.send().await.map_err(|error| ProbeError::unreachable(url, &error))?;
        if response.status().is_success() {
            return Err(ProbeError::no_hub(url));
        }
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(url, response).await);
        }
        let stream = response.upgrade().await.map_err(|error| ProbeError::unreachable(url, &error))?;
        let life = random_token();
        Ok(Self { stream, received: BytesMut::new(), clock: Instant::now(), sent: 0, life })
    }

    /// The group in which this user speaks to themself: made the first time, the same ever after.
    pub async fn own_group(&mut self, patience: Duration) -> Result<String, ProbeError> {
        let ask =
            json!({"type": "create", "id": "group", "name": "hubbub probe", "members": [], "cid": "hubbub-probe"});
        self.say(&ask, "its group").await?;
        let group = |heard: &Heard| match heard {
            Heard::Group(id) => Some(id.clone()),
            _ => None,
        };
        self.until("its group", patience, group).await
    }

    /// Sends a message with the time in it.
    pub async fn send(&mut self, group: &str) -> Result<(), ProbeError> {
        self.sent += 1;
        let now = self.clock.elapsed().as_micros();
        let text = format!("{}{now};", String::from_utf8_lossy(MARK));
        let cid = format!("{}-{}", self.life, self.sent);
        self.say(&json!({"type": "send", "id": self.sent, "group": group, "cid": cid, "text": text}), "a message").await
    }

    /// Waits for the next message of ours. An error frame ends the waiting.
    pub async fn returned(&mut self, patience: Duration) -> Result<Returned, ProbeError> {
        let sent = |heard: &Heard| match heard {
            Heard::Message { sent, .. } => *sent,
            _ => None,
        };
        let sent = self.until("the message", patience, sent).await?;
        Ok(self.returned_at(sent))
    }

    fn returned_at(&self, sent: u64) -> Returned {
        Returned { took: self.clock.elapsed().saturating_sub(Duration::from_micros(sent)) }
    }

    /// The next message of ours, for as long as the caller wants to wait: nothing is lost when it
    /// is dropped before.
    pub async fn next_returned(&mut self) -> Result<Returned, ProbeError> {
        loop {
            match self.hear("the message").await? {
                Heard::Message { sent: Some(sent), .. } => return Ok(self.returned_at(sent)),
                Heard::Error(frame) => return Err(ProbeError::denied(&frame)),
                _ => {}
            }
        }
    }

    /// Says goodbye; the connection is of no more use.
    pub async fn close(mut self) {
        // A hub that is gone needs no goodbye.
        let _ = self.stream.write_all(&masked(0x8, &1000_u16.to_be_bytes())).await;
        let _ = self.stream.shutdown().await;
    }

    async fn say(&mut self, frame: &Value, before: &'static str) -> Result<(), ProbeError> {
        let written = match client_frame(frame, ENCODING) {
            Ok(bytes) => self.stream.write_all(&bytes).await,
            Err(error) => Err(error),
        };
        written.map_err(|error| ended(before, &error))
    }

    async fn until<T>(
        &mut self,
        what: &'static str,
        patience: Duration,
        wanted: impl Fn(&Heard) -> Option<T>,
    ) -> Result<T, ProbeError> {
        let search = async {
            loop {
                let heard = self.hear(what).await?;
                if let Some(found) = wanted(&heard) {
                    return Ok(found);
                }
                if let Heard::Error(frame) = heard {
                    return Err(ProbeError::denied(&frame));
                }
            }
        };
        timeout(patience, search).await.unwrap_or(Err(ProbeError::Late { what, within: patience }))
    }

    async fn hear(&mut self, before: &'static str) -> Result<Heard, ProbeError> {
        loop {
            if let Some((heard, length)) = next_frame(&self.received, ENCODING) {
                match &heard {
                    Heard::Bye(ending) | Heard::Close(ending) if !ending.comes_back => {
                        return Err(ProbeError::SentAway { ending: *ending });
                    }
                    Heard::Close(_) => return Err(ended(before, &io::Error::other("the hub closed it"))),
                    Heard::Ping(payload) => {
                        let pong = masked(0xa, payload);
                        self.stream.write_all(&pong).await.map_err(|error| ended(before, &error))?;
                        self.received.advance(length);
                    }
                    _ => {
                        self.received.advance(length);
                        return Ok(heard);
                    }
                }
                continue;
            }
            match self.stream.read_buf(&mut self.received).await {
                Ok(0) => return Err(ended(before, &io::Error::from(io::ErrorKind::UnexpectedEof))),
                Ok(_) => {}
                Err(error) => return Err(ended(before, &error)),
            }
        }
    }
}

fn ended(before: &'static str, error: &io::Error) -> ProbeError {
    ProbeError::Ended { before, why: error.to_string() }
}
