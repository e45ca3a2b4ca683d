//! What comes in on a line: read as much as there is, whole frames taken, the piece of a split one kept.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::line::{Answer, Line};
use super::tally::{TEXT_CID, Tally, count};
use crate::tools::frame_scan::{Ending, Heard, masked, next_frame};

/// Room that a read has at least; one buffer serves all.
const ROOM: usize = 256 * 1024;

/// The receiving side of a line.
pub struct Inbox {
    line: Arc<Line>,
    /// The beginning of a frame whose end did not come yet; holds no memory otherwise.
    rest: Vec<u8>,
    welcome: Option<oneshot::Sender<()>>,
    /// Whether a `bye` has said what the close is to be taken for.
    bye: bool,
}

/// Whether a connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goes {
    /// More may come.
    On,
    /// The hub has ended it, or it broke.
    Out,
}

// === impl Inbox ===

impl Inbox {
    /// What comes on this line, beginning with what was read of it already. The receiver hears of the
    /// welcome, and fails when the connection ends before.
    pub fn new(line: Arc<Line>, already: Vec<u8>) -> (Self, oneshot::Receiver<()>) {
        let (welcome, welcomed) = oneshot::channel();
        (Self { line, rest: already, welcome: Some(welcome), bye: false }, welcomed)
    }

    /// The line.
    pub fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Takes the frames that were read before this began.
    pub fn begin(&mut self, tally: &Tally) -> Goes {
        let already = std::mem::take(&mut self.rest);
        self.take_frames(&already, tally)
    }

    /// Reads until the kernel has no more. A read that leaves room was the last, unless the end is known
    /// to be behind it (`to_the_end`): the kernel tells of whatever comes later.
    pub fn read(&mut self, buffer: &mut Vec<u8>, to_the_end: bool, tally: &Tally) -> Goes {
        loop {
            let kept = self.rest.len();
            if buffer.len() < kept + ROOM {
                buffer.resize(kept + ROOM, 0);
            }
            buffer[..kept].copy_from_slice(&self.rest);
            let read = match (&self.line.stream).read(&mut buffer[kept..]) {
                Ok(0) => return Goes::Out,
                Ok(read) => kept + read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Goes::On,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Goes::Out,
            };
            if self.take_frames(&buffer[..read], tally) == Goes::Out {
                return Goes::Out;
            }
            if read < buffer.len() && !to_the_end {
                return Goes::On;
            }
        }
    }

    /// Takes all whole frames; what is left is kept.
    fn take_frames(&mut self, mut bytes: &[u8], tally: &Tally) -> Goes {
        let now = tally.now();
        while let Some((heard, length)) = next_frame(bytes, self.line.encoding) {
            bytes = &bytes[length..];
            if self.take(heard, now, tally) == Goes::Out {
                return Goes::Out;
            }
        }
        if !(bytes.is_empty() && self.rest.is_empty()) {
            self.rest = bytes.to_vec();
        }
        Goes::On
    }

    fn take(&mut self, heard: Heard, now: u64, tally: &Tally) -> Goes {
        match heard {
            Heard::Message { seq, act, sent } => tally.event(&self.line.state, seq, act.map(|act| (act, sent)), now),
            Heard::Gap { to } => self.line.state.held.store(to, Ordering::Relaxed),
            Heard::Ack { seq, letter } => {
                count(&tally.acked);
                if letter == TEXT_CID {
                    self.line.state.own.store(seq, Ordering::Relaxed);
                }
            }
            Heard::Welcome(knows) => {
                count(&tally.joined);
                tally.mix.told(knows);
                // Who gave up does not want to know.
                let _ = self.welcome.take().map(|welcome| welcome.send(()));
            }
            Heard::Group(id) => self.line.answer(Answer::Group, id),
            Heard::History => self.line.answer(Answer::Page, String::new()),
            Heard::Error(text) => tally.error(text),
            Heard::Ping(payload) if self.line.write(&masked(0xa, &payload)).is_err() => return Goes::Out,
            Heard::Bye(ending) => {
                self.bye = true;
                self.heed(ending, tally);
            }
            Heard::Close(ending) => {
                if !self.bye {
                    self.heed(ending, tally);
                }
                return Goes::Out;
            }
            Heard::Ping(_) | Heard::Other => {}
        }
        Goes::On
    }

    /// Who is sent away for good cannot play their part: the run is not the one that was planned.
    fn heed(&self, ending: Ending, tally: &Tally) {
        if !ending.comes_back && !self.line.is_ending() {
            tally.break_off(ending.sentence());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;
    use crate::protocol::Encoding;
    use crate::tools::bench::tally::State;

    /// The hub's end of a line, and the inbox at the other one.
    fn connected() -> (TcpStream, Inbox, oneshot::Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let line = Line::new(stream, Encoding::Json, Arc::new(State::default())).unwrap();
        let (inbox, welcomed) = Inbox::new(Arc::new(line), Vec::new());
        (listener.accept().unwrap().0, inbox, welcomed)
    }

    fn frame(text: &str) -> Vec<u8> {
        [&[0x81, text.len() as u8], text.as_bytes()].concat()
    }

    fn message(seq: u64) -> Vec<u8> {
        frame(&format!("{{\"type\":\"message\",\"seq\":{seq},\"text\":\"~b:1;\"}}"))
    }

    fn held(inbox: &Inbox) -> u64 {
        inbox.line.state.held.load(Ordering::Relaxed)
    }

    #[test]
    fn a_frame_may_come_in_pieces_and_many_at_once() {
        let (_hub, mut inbox, _) = connected();
        let tally = Tally::default();
        let stream: Vec<u8> = (1..=20).flat_map(message).collect();
        for piece in [1, 2, 3, 7, 45, 46, 200, stream.len()] {
            inbox.line.state.held.store(0, Ordering::Relaxed);
            for bytes in stream.chunks(piece) {
                let whole = [&inbox.rest[..], bytes].concat();
                assert_eq!(inbox.take_frames(&whole, &tally), Goes::On);
            }
            assert_eq!((held(&inbox), inbox.rest.capacity()), (20, 0));
        }
        assert_eq!(tally.delivered.load(Ordering::Relaxed), 8 * 20);
        assert_eq!(tally.missing.load(Ordering::Relaxed) + tally.duplicates.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_was_read_with_the_handshake_counts() {
        let (_hub, mut inbox, mut welcomed) = connected();
        let tally = Tally::default();
        inbox.rest = [frame("{\"type\":\"welcome\"}"), message(3), message(4)[..9].to_vec()].concat();
        assert_eq!(inbox.begin(&tally), Goes::On);
        assert_eq!((held(&inbox), inbox.rest.len(), welcomed.try_recv()), (3, 9, Ok(())));
    }

    #[test]
    fn a_split_frame_is_read_on_and_the_end_is_seen() {
        let (mut hub, mut inbox, _) = connected();
        let (tally, mut buffer) = (Tally::default(), Vec::new());
        let mut until = |inbox: &mut Inbox, done: &dyn Fn(&Inbox) -> bool| {
            while !done(inbox) {
                assert_eq!(inbox.read(&mut buffer, false, &tally), Goes::On);
            }
        };
        hub.write_all(&[&message(1)[..], &message(2)[..5]].concat()).unwrap();
        until(&mut inbox, &|inbox| held(inbox) == 1 && inbox.rest.len() == 5);
        hub.write_all(&message(2)[5..]).unwrap();
        until(&mut inbox, &|inbox| held(inbox) == 2 && inbox.rest.is_empty());
        hub.write_all(&message(3)).unwrap();
        drop(hub);
        inbox.line.stream.set_nonblocking(false).unwrap();
        assert_eq!(inbox.read(&mut buffer, true, &tally), Goes::Out);
        assert_eq!(held(&inbox), 3);
    }

    #[test]
    fn pings_are_answered_and_a_close_ends_it() {
        let (mut hub, mut inbox, _) = connected();
        let tally = Tally::default();
        hub.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        assert_eq!(inbox.take_frames(&[0x89, 2, b'h', b'i'], &tally), Goes::On);
        let mut pong = [0; 8];
        hub.read_exact(&mut pong).unwrap();
        assert_eq!(pong[..], masked(0xa, b"hi")[..]);
        hub.write_all(&[0x88, 0]).unwrap();
        assert_eq!(inbox.take_frames(&[0x88, 0], &tally), Goes::Out);
    }

    #[test]
    fn who_is_sent_away_for_good_ends_the_run() {
        let close = |code: u16| [&[0x88, 2], &code.to_be_bytes()[..]].concat();
        let bye = |code, reconnect| {
            frame(&format!("{{\"type\":\"bye\",\"code\":{code},\"reconnect\":{reconnect},\"after\":0}}"))
        };
        for (bytes, fault) in [
            (bye(4002, false), Some("(4002): its token has run out")),
            (bye(1008, false), Some("(1008): it sent more")),
            (close(4003), Some("(4003): it is banned")),
            ([bye(1012, true), close(1012)].concat(), None),
            ([bye(4050, true), close(4050)].concat(), None),
            (close(1008), None),
            (close(4101), None),
        ] {
            let (_hub, mut inbox, _) = connected();
            let tally = Tally::default();
            inbox.take_frames(&bytes, &tally);
            assert_eq!(tally.fault().is_some(), fault.is_some(), "{bytes:?}");
            assert!(tally.fault().unwrap_or_default().contains(fault.unwrap_or_default()));
        }
        let (_hub, mut inbox, _) = connected();
        let tally = Tally::default();
        inbox.line.end();
        inbox.take_frames(&bye(4002, false), &tally);
        assert_eq!(tally.fault(), None, "it goes by itself");
    }

    #[test]
    fn answers_go_to_who_waits_for_them() {
        let (_hub, mut inbox, _) = connected();
        let tally = Tally::default();
        let mut page = inbox.line.wait_for(Answer::Page);
        assert_eq!(inbox.take_frames(&frame("{\"type\":\"group\",\"group\":{\"id\":\"g1\"}}"), &tally), Goes::On);
        assert!(page.try_recv().is_err());
        assert_eq!(inbox.take_frames(&frame("{\"type\":\"history\"}"), &tally), Goes::On);
        assert_eq!(page.try_recv(), Ok(String::new()));
        let mut group = inbox.line.wait_for(Answer::Group);
        assert_eq!(inbox.take_frames(&frame("{\"type\":\"group\",\"group\":{\"id\":\"g2\"}}"), &tally), Goes::On);
        assert_eq!(group.try_recv(), Ok("g2".to_owned()));
        assert_eq!(inbox.take_frames(&frame("{\"type\":\"error\",\"code\":\"x\"}"), &tally), Goes::On);
        assert_eq!(tally.answered(), 1);
    }
}
