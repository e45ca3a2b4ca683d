//! One thread that reads all lines, as many as are ready at each waking.
//!
//! It shares the machine with what it measures: the kernel tells it once of whatever comes (edge-triggered
//! epoll), one buffer serves all lines, and a message costs one read and no memory.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use parking_lot::Mutex;

use super::inbox::{Goes, Inbox};
use super::line::Line;
use super::tally::{Tally, count};
use crate::tools::own_fault::lack_of;

/// Lines that are told of at one waking; the others are at the next, without sleeping between.
const AT_ONCE: usize = 1_024;
/// No open file has this number.
const WAKE: Token = Token(usize::MAX);

/// The reading thread; it ends when this is dropped, and its lines with it.
pub struct Reader {
    orders: Arc<Orders>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told, from any other.
pub struct Orders {
    waiting: Mutex<Vec<Order>>,
    waker: Waker,
}

enum Order {
    Read(Inbox),
    Watch(Arc<Line>),
    Forget(Arc<Line>),
    Stop,
}

/// What the thread has.
struct Desk {
    poll: Poll,
    orders: Arc<Orders>,
    tally: Arc<Tally>,
    /// By the number of the open file, which is a line's as long as it stands here.
    inboxes: Vec<Option<Place>>,
    buffer: Vec<u8>,
}

/// An inbox, and whether the kernel is to tell when its socket takes more.
struct Place {
    inbox: Inbox,
    watched: bool,
}

// === impl Reader ===

impl Reader {
    /// Starts the thread; what comes is counted in `tally`.
    ///
    /// # Errors
    /// The system has no epoll or no thread left.
    pub fn start(tally: Arc<Tally>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let orders = Arc::new(Orders { waiting: Mutex::default(), waker });
        let desk = Desk { poll, orders: orders.clone(), tally, inboxes: Vec::new(), buffer: Vec::new() };
        let thread = std::thread::Builder::new().name("bench-reader".into()).spawn(move || desk.work())?;
        Ok(Self { orders, thread: Some(thread) })
    }

    /// Where orders are given.
    pub fn orders(&self) -> &Arc<Orders> {
        &self.orders
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.orders.give(Order::Stop);
        if let Some(thread) = self.thread.take() {
            // It has panicked, then, and said so.
            let _ = thread.join();
        }
    }
}

// === impl Orders ===

impl Orders {
    /// From now on this is read.
    pub fn read(&self, inbox: Inbox) {
        self.give(Order::Read(inbox));
    }

    /// Something waits there until the socket takes more.
    pub fn watch(&self, line: Arc<Line>) {
        self.give(Order::Watch(line));
    }

    /// From now on this is not read, and closed when nobody else has it.
    pub fn forget(&self, line: Arc<Line>) {
        self.give(Order::Forget(line));
    }

    fn give(&self, order: Order) {
        let mut waiting = self.waiting.lock();
        waiting.push(order);
        if waiting.len() == 1 {
            // It cannot fail: an eventfd takes more than there are orders.
            let _ = self.waker.wake();
        }
    }
}

// === impl Desk ===

impl Desk {
    fn work(mut self) {
        let mut events = Events::with_capacity(AT_ONCE);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return self.tally.break_off(format!("the bench cannot wait for its clients: {error}")),
                Ok(()) => {}
            }
            // Orders come last: what is forgotten and opened anew under the same number was not meant.
            let mut ordered = false;
            for event in &events {
                match event.token() {
                    WAKE => ordered = true,
                    Token(fd) => self.hear(fd, event),
                }
            }
            if ordered && !self.follow_orders() {
                return;
            }
        }
    }

    fn hear(&mut self, fd: usize, event: &Event) {
        let Some(Some(Place { inbox, .. })) = self.inboxes.get_mut(fd) else { return };
        let flushed = !inbox.line().is_waiting() || inbox.line().flush().is_ok();
        let to_the_end = event.is_read_closed() || event.is_error();
        if !flushed || inbox.read(&mut self.buffer, to_the_end, &self.tally) == Goes::Out {
            return self.end(fd);
        }
        // A pong, perhaps.
        if inbox.line().is_waiting() {
            self.watch(fd);
        }
    }

    /// False when it is to stop.
    fn follow_orders(&mut self) -> bool {
        let orders = std::mem::take(&mut *self.orders.waiting.lock());
        for order in orders {
            match order {
                Order::Read(inbox) => self.take_on(inbox),
                Order::Watch(line) => self.watch(line.fd() as usize),
                Order::Forget(line) => drop(self.forget(line.fd() as usize)),
                Order::Stop => return false,
            }
        }
        true
    }

    fn take_on(&mut self, mut inbox: Inbox) {
        let raw = inbox.line().fd();
        let fd = raw as usize;
        let goes = inbox.begin(&self.tally);
        let registered = self.poll.registry().register(&mut SourceFd(&raw), Token(fd), Interest::READABLE);
        if self.inboxes.len() <= fd {
            self.inboxes.resize_with(fd + 1, || None);
        }
        let waiting = inbox.line().is_waiting();
        self.inboxes[fd] = Some(Place { inbox, watched: false });
        if let Err(error) = &registered {
            self.cannot_watch(error);
        }
        if goes == Goes::Out || registered.is_err() {
            self.end(fd);
        } else if waiting {
            self.watch(fd);
        }
    }

    /// The kernel tells at once if the socket takes more already, and from then on.
    fn watch(&mut self, fd: usize) {
        let Some(Some(place)) = self.inboxes.get_mut(fd).filter(|place| place.as_ref().is_some_and(|it| !it.watched))
        else {
            return;
        };
        let (raw, both) = (place.inbox.line().fd(), Interest::READABLE | Interest::WRITABLE);
        place.watched = true;
        if let Err(error) = self.poll.registry().reregister(&mut SourceFd(&raw), Token(fd), both) {
            self.cannot_watch(&error);
            self.end(fd);
        }
    }

    fn cannot_watch(&self, error: &io::Error) {
        let why = lack_of(error).map_or_else(|| error.to_string(), str::to_owned);
        self.tally.break_off(format!("the bench cannot watch a client of its own: {why}"));
    }

    /// The hub has ended it.
    fn end(&mut self, fd: usize) {
        if self.forget(fd).is_some_and(|inbox| !inbox.line().is_ending()) {
            count(&self.tally.closed);
        }
    }

    fn forget(&mut self, fd: usize) -> Option<Inbox> {
        let Place { inbox, .. } = self.inboxes.get_mut(fd)?.take()?;
        // Not there any more, at worst.
        let _ = self.poll.registry().deregister(&mut SourceFd(&inbox.line().fd()));
        Some(inbox)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::atomic::Ordering;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::protocol::Encoding;
    use crate::tools::bench::tally::State;

    struct Hub {
        listener: TcpListener,
        reader: Reader,
        tally: Arc<Tally>,
    }

    impl Hub {
        fn new() -> Self {
            let tally = Arc::new(Tally::default());
            let reader = Reader::start(tally.clone()).unwrap();
            Self { listener: TcpListener::bind("127.0.0.1:0").unwrap(), reader, tally }
        }

        fn connect(&self) -> (TcpStream, Arc<Line>) {
            let stream = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
            let line = Arc::new(Line::new(stream, Encoding::Json, Arc::new(State::default())).unwrap());
            self.reader.orders().read(Inbox::new(line.clone(), Vec::new()).0);
            (self.listener.accept().unwrap().0, line)
        }
    }

    fn message(seq: u64) -> Vec<u8> {
        let text = format!("{{\"type\":\"message\",\"seq\":{seq}}}");
        [&[0x81, text.len() as u8], text.as_bytes()].concat()
    }

    fn wait_for(what: &str, done: impl Fn() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::yield_now();
        }
    }

    fn held(line: &Line) -> u64 {
        line.state.held.load(Ordering::Relaxed)
    }

    #[test]
    fn many_lines_are_read_byte_by_byte_too() {
        let hub = Hub::new();
        let mut lines: Vec<_> = (0..20).map(|_| hub.connect()).collect();
        for seq in 1..=5 {
            for byte in message(seq) {
                lines.iter_mut().for_each(|(hub, _)| hub.write_all(&[byte]).unwrap());
            }
        }
        wait_for("all hold the fifth", || lines.iter().all(|(_, line)| held(line) == 5));
        assert_eq!(hub.tally.missing.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_the_hub_closes_is_counted_and_what_is_forgotten_is_not() {
        let hub = Hub::new();
        let (mut closing, line) = hub.connect();
        closing.write_all(&message(7)).unwrap();
        drop(closing);
        wait_for("one is closed", || hub.tally.closed.load(Ordering::Relaxed) == 1);
        assert_eq!(held(&line), 7);
        let (mut left, line) = hub.connect();
        line.end();
        hub.reader.orders().forget(line);
        assert_eq!(left.read(&mut [0; 8]).unwrap(), 0, "its end comes when it is forgotten");
        let (mut stays, line) = hub.connect();
        stays.write_all(&message(1)).unwrap();
        wait_for("a later line under the same number is read", || held(&line) == 1);
        assert_eq!(hub.tally.closed.load(Ordering::Relaxed), 1);
        drop(hub);
        drop(line);
        assert_eq!(stays.read(&mut [0; 8]).unwrap(), 0, "its end comes with the reader's");
    }

    #[test]
    fn what_the_kernel_does_not_take_leaves_when_it_does() {
        let hub = Hub::new();
        let (mut slow, line) = hub.connect();
        let frame: Vec<u8> = (0..1_000_000_u32).map(|i| i as u8).collect();
        let mut all = true;
        (0..20).for_each(|_| all &= line.write(&frame).unwrap());
        assert!(!all && line.is_waiting());
        hub.reader.orders().watch(line.clone());
        let mut got = vec![0; 20 * frame.len()];
        slow.read_exact(&mut got).unwrap();
        assert!(got.chunks(frame.len()).all(|chunk| chunk == frame));
        wait_for("nothing is left", || !line.is_waiting());
    }
}
