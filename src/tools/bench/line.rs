//! A client's socket, written to from anywhere and never waited for.

use std::io::{self, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::tally::State;
use crate::protocol::Encoding;

/// A connected socket that does not block, and whose it is.
pub struct Line {
    /// The socket.
    pub stream: TcpStream,
    /// How its frames are encoded.
    pub encoding: Encoding,
    /// What its client holds.
    pub state: Arc<State>,
    /// Who waits for which answer.
    asked: Mutex<Option<(Answer, oneshot::Sender<String>)>>,
    /// What the kernel did not take; nothing goes before it.
    unsent: Mutex<Vec<u8>>,
    /// Whether there is such.
    waiting: AtomicBool,
    /// Its client goes by itself: its end is not the hub's doing.
    ending: AtomicBool,
}

/// An answer that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A `group` frame; it is told with the group's id.
    Group,
    /// A page of history; it is told with nothing.
    Page,
}

// === impl Line ===

impl Line {
    /// Takes a connected socket over.
    ///
    /// # Errors
    /// The socket cannot be told not to block.
    pub fn new(stream: TcpStream, encoding: Encoding, state: Arc<State>) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let (waiting, ending) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { stream, encoding, state, asked: Mutex::default(), unsent: Mutex::default(), waiting, ending })
    }

    /// Its number among open files.
    pub fn fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Writes a whole frame. False when the kernel does not take all of it now: the rest leaves with
    /// [`Line::flush`].
    ///
    /// # Errors
    /// The connection is broken.
    pub fn write(&self, frame: &[u8]) -> io::Result<bool> {
        let mut unsent = self.unsent.lock();
        let written = if unsent.is_empty() { self.offer(frame)? } else { 0 };
        unsent.extend_from_slice(&frame[written..]);
        self.waiting.store(!unsent.is_empty(), Ordering::Relaxed);
        Ok(unsent.is_empty())
    }

    /// Whether something waits until the socket takes more.
    pub fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The socket may take more: so it gets what is left.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn flush(&self) -> io::Result<()> {
        let mut unsent = self.unsent.lock();
        let written = self.offer(&unsent)?;
        unsent.drain(..written);
        self.waiting.store(!unsent.is_empty(), Ordering::Relaxed);
        Ok(())
    }

    /// As much as the kernel takes, until it says that it takes no more: only then it tells when it does.
    fn offer(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < bytes.len() {
            match (&self.stream).write(&bytes[taken..]) {
                Ok(written) => taken += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Waits for the next answer of that kind, one at a time; an earlier wait ends with nothing.
    pub fn wait_for(&self, answer: Answer) -> oneshot::Receiver<String> {
        let (told, waiting) = oneshot::channel();
        *self.asked.lock() = Some((answer, told));
        waiting
    }

    /// Such an answer came: who waits for it, if anybody, is told.
    pub fn answer(&self, answer: Answer, text: String) {
        let mut asked = self.asked.lock();
        if asked.as_ref().is_some_and(|(awaited, _)| *awaited == answer)
            && let Some((_, told)) = asked.take()
        {
            // Who gave up does not want it.
            let _ = told.send(text);
        }
    }

    /// Its client goes by itself.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether its client goes by itself.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}
