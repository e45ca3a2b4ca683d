//! The one task of a connection: reads, hands messages on, and writes what the kernel did not take
//! at once.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use super::conn::{Conn, Connections};
use super::handler::{Session, Sessions};
use super::pongs::Pongs;
use super::read_buffer::ReadBuffer;
use crate::domain::Ending;
use crate::hub::{ConnectionInfo, Flow};
use crate::ports::Outbound;
use crate::protocol::Encoding;
use crate::transport::wire::{FrameDecoder, Item, Rules};

/// Runs a connection whose handshake is done, until it is gone. `early` is what the client sent
/// right behind its handshake. Cheap to keep: between messages it holds no buffer.
pub fn start<S: Sessions>(
    node: &Arc<Connections>,
    sessions: &S,
    stream: TcpStream,
    early: Vec<u8>,
    encoding: Encoding,
    info: ConnectionInfo,
) -> impl Future<Output = ()> + Send + use<S> {
    let (read, write) = stream.into_split();
    let protocol = sessions.speaks_protocol();
    let conn = Conn::new(node.clone(), write, protocol.then_some(encoding));
    let session = sessions.connect(conn.clone(), encoding, info);
    let only_text = protocol.then(|| encoding.is_text());
    let guard = FrameDecoder::new(Rules { max_message: node.config.max_message, only_text });
    // In a box of its own: a future keeps what it is given and what it makes of that, each in its own place.
    Box::new(Task { read, conn, guard, session: Some(session) }).run(early)
}

struct Task<S> {
    read: OwnedReadHalf,
    conn: Arc<Conn>,
    guard: FrameDecoder,
    /// `None` once it has ended.
    session: Option<S>,
}

/// Why no more messages are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The socket is at its end.
    Gone,
    /// The client has closed.
    ClientClosed,
    /// The client broke the rules: what follows cannot be read.
    Broken,
    /// The hub closes; the client's answer may come.
    HubCloses,
}

/// What a wait brought.
enum Heard {
    Bytes(ReadBuffer, usize),
    End,
    Closing,
}

// === impl Task ===

impl<S: Session> Task<S> {
    async fn run(mut self: Box<Self>, early: Vec<u8>) {
        let stop = self.converse(early).await;
        if let Some(session) = self.session.take() {
            while_flushing(&self.conn, session.end()).await;
        }
        poll_fn(|cx| {
            self.conn.register(cx);
            self.conn.poll_flush(cx)
        })
        .await;
        match stop {
            Stop::Gone | Stop::ClientClosed => {}
            Stop::Broken => {
                self.conn.shut_down_write();
                while matches!(hear(&mut self.read, &self.conn, false).await, Heard::Bytes(..)) {}
            }
            Stop::HubCloses => self.await_answer().await,
        }
        self.conn.give_up();
    }

    /// Takes messages until there is a reason not to.
    async fn converse(&mut self, mut early: Vec<u8>) -> Stop {
        if !early.is_empty() {
            let stop = self.take(&mut early).await;
            drop(early);
            if let Some(stop) = stop {
                return stop;
            }
        }
        loop {
            match hear(&mut self.read, &self.conn, true).await {
                Heard::Bytes(mut scratch, length) => {
                    if let Some(stop) = self.take(&mut scratch[..length]).await {
                        return stop;
                    }
                }
                Heard::End => {
                    self.conn.give_up();
                    return Stop::Gone;
                }
                Heard::Closing => return Stop::HubCloses,
            }
        }
    }

    /// Takes what was read.
    async fn take(&mut self, input: &mut [u8]) -> Option<Stop> {
        let session = self.session.as_mut()?;
        self.conn.heard(input.len());
        let mut at = 0;
        let mut pongs = Pongs::default();
        let stop = loop {
            let message = match self.guard.next(input, &mut at) {
                Ok(None) => break None,
                Ok(Some(Item::Message(message))) => message,
                Ok(Some(Item::Close(code))) => {
                    pay(&self.conn, &mut pongs);
                    self.conn.answer_close(code);
                    break Some(Stop::ClientClosed);
                }
                Ok(Some(control)) => {
                    if let Item::Ping(payload) = control {
                        pongs.owe(payload);
                    }
                    if !self.conn.allows_control_frame() {
                        self.conn.close(Ending::Flood);
                        break Some(Stop::HubCloses);
                    }
                    continue;
                }
                Err(violation) => {
                    self.conn.fail(violation);
                    break Some(Stop::Broken);
                }
            };
            pay(&self.conn, &mut pongs);
            self.conn.heard_message();
            self.conn.greeted();
            let flow = while_flushing(&self.conn, session.handle(message)).await;
            self.conn.set_expires(session.expires());
            // However long it took: the client was not listened to meanwhile.
            self.conn.heard(0);
            if let Flow::Close(ending) = flow {
                self.conn.close(ending);
            }
            if !self.conn.is_open() {
                break Some(Stop::HubCloses);
            }
            tokio::task::coop::consume_budget().await;
        };
        pay(&self.conn, &mut pongs);
        match stop {
            Some(Stop::HubCloses) => skim(&mut self.guard, &mut input[at..]).or(stop),
            stop => stop,
        }
    }

    /// Waits for the client's answer to the hub's close frame. The wheel ends it when it takes too long.
    async fn await_answer(&mut self) {
        while let Heard::Bytes(mut scratch, length) = hear(&mut self.read, &self.conn, false).await {
            if skim(&mut self.guard, &mut scratch[..length]).is_some() {
                return;
            }
        }
    }
}

/// Sends the pongs that are owed.
fn pay(conn: &Conn, pongs: &mut Pongs) {
    if let Some(owed) = pongs.take() {
        conn.offer_pongs(owed);
    }
}

/// Waits for bytes, writing what is queued meanwhile; when `open`, only as long as the connection is.
async fn hear(read: &mut OwnedReadHalf, conn: &Conn, open: bool) -> Heard {
    poll_fn(|cx| {
        conn.register(cx);
        // When it is pending, the socket wakes this task.
        let _ = conn.poll_flush(cx);
        if conn.is_closed() || (open && !conn.is_open()) {
            return Poll::Ready(Heard::Closing);
        }
        let mut scratch = ReadBuffer::take();
        let mut buffer = ReadBuf::new(&mut scratch);
        let Poll::Ready(outcome) = Pin::new(&mut *read).poll_read(cx, &mut buffer) else {
            return Poll::Pending;
        };
        let length = buffer.filled().len();
        Poll::Ready(match outcome {
            Ok(()) if length > 0 => Heard::Bytes(scratch, length),
            Ok(()) | Err(_) => Heard::End,
        })
    })
    .await
}

/// Looks for the client's close frame in what is read no more.
fn skim(guard: &mut FrameDecoder, input: &mut [u8]) -> Option<Stop> {
    let mut at = 0;
    loop {
        match guard.next(input, &mut at) {
            Ok(None) => return None,
            Ok(Some(Item::Close(_))) => return Some(Stop::ClientClosed),
            Ok(Some(_)) => {}
            Err(_) => return Some(Stop::Broken),
        }
    }
}

/// Waits for `work`, writing what is queued meanwhile. The work lives in a box of its own, so that
/// an idle connection does not keep room for it.
fn while_flushing<'a, T>(conn: &'a Conn, work: impl Future<Output = T> + 'a) -> impl Future<Output = T> {
    let mut work = Box::pin(work);
    poll_fn(move |cx| {
        conn.register(cx);
        // When it is pending, the socket wakes this task.
        let _ = conn.poll_flush(cx);
        work.as_mut().poll(cx)
    })
}
