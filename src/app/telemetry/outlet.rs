//! A way out for lines, with a thread of its own: whoever logs never waits for whoever reads.
//!
//! The non-blocking writer of `tracing-appender` does not do: it forgets lines that could not be written, and says on
//! standard output that standard output is stuck.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use prometheus::IntCounter;
use tracing_subscriber::fmt::MakeWriter;

/// Bytes that may wait to be written: some ten thousand short lines.
pub(super) const ROOM: usize = 2 << 20;
/// A buffer that has grown beyond this is given back once it is written.
const KEPT: usize = 64 << 10;
/// Between two tries at a reader that somebody else has told not to block.
const FULL_PAUSE: Duration = Duration::from_millis(10);

/// Takes lines at once, or drops and counts them.
#[derive(Clone)]
pub(super) struct Outlet(Arc<Pipe>);

struct Pipe {
    /// Where the lines go, as people and labels call it.
    name: &'static str,
    queue: Mutex<Queue>,
    filled: Condvar,
    emptied: Condvar,
    dropped: IntCounter,
}

#[derive(Default)]
struct Queue {
    /// Whole lines that wait for the thread.
    waiting: Vec<u8>,
    /// Whether the thread has lines in its hands.
    writing: bool,
    /// Lines dropped since that was last told.
    untold: u64,
    /// Nothing more comes.
    ended: bool,
}

// === impl Outlet ===

impl Outlet {
    /// Writes to `sink` from a thread of its own; counts in `dropped` what it has to drop.
    ///
    /// # Errors
    /// No thread can be had.
    pub(super) fn open<W: Write + Send + 'static>(
        name: &'static str,
        sink: W,
        dropped: IntCounter,
    ) -> io::Result<Self> {
        let (queue, filled, emptied) = (Mutex::default(), Condvar::new(), Condvar::new());
        let pipe = Arc::new(Pipe { name, queue, filled, emptied, dropped });
        let writer = pipe.clone();
        thread::Builder::new().name("log-writer".into()).spawn(move || writer.run(sink))?;
        Ok(Self(pipe))
    }

    /// Takes a line, where there is room for it.
    pub(super) fn push(&self, line: &[u8]) {
        let mut queue = self.0.queue.lock();
        if queue.waiting.len() + line.len() > ROOM {
            queue.untold += 1;
            self.0.dropped.inc();
            return;
        }
        queue.waiting.extend_from_slice(line);
        drop(queue);
        self.0.filled.notify_one();
    }

    /// Has the thread end once it has written what waits. Whether it has by `until`.
    pub(super) fn finish(&self, until: Instant) -> bool {
        self.0.queue.lock().ended = true;
        self.0.filled.notify_one();
        self.settled(until)
    }

    /// Waits until nothing waits to be written. Whether that is so by `until`.
    pub(super) fn settled(&self, until: Instant) -> bool {
        let mut queue = self.0.queue.lock();
        while queue.writing || !queue.waiting.is_empty() {
            if self.0.emptied.wait_until(&mut queue, until).timed_out() {
                return false;
            }
        }
        true
    }
}

impl<'a> MakeWriter<'a> for Outlet {
    type Writer = &'a Outlet;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// Each write is a whole line: so the formatter hands them over.
impl Write for &Outlet {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// === impl Pipe ===

impl Pipe {
    /// What the thread does, until nothing more comes.
    fn run(&self, mut sink: impl Write) {
        let (mut batch, mut torn) = (Vec::new(), false);
        while self.next(&mut batch) {
            // What is left of a line that went out in part stands alone.
            let stuck = torn && write_whole(&mut sink, b"\n") == 0;
            let written = if stuck { 0 } else { write_whole(&mut sink, &batch) };
            torn = stuck || (written > 0 && batch[written - 1] != b'\n');
            match lines(&batch[written..]) {
                0 => self.tell_what_was_dropped(),
                lost => self.lost(lost),
            }
            batch.clear();
            batch.shrink_to(KEPT);
        }
    }

    /// Waits for lines, and takes all that wait. False at the end.
    fn next(&self, batch: &mut Vec<u8>) -> bool {
        let mut queue = self.queue.lock();
        queue.writing = false;
        self.emptied.notify_all();
        while queue.waiting.is_empty() {
            if queue.ended {
                return false;
            }
            self.filled.wait(&mut queue);
        }
        std::mem::swap(&mut queue.waiting, batch);
        queue.writing = true;
        true
    }

    fn lost(&self, lines: u64) {
        self.dropped.inc_by(lines);
        self.queue.lock().untold += lines;
    }

    /// The reader is back: it is told how much it missed, and so are the others.
    fn tell_what_was_dropped(&self) {
        let dropped = std::mem::take(&mut self.queue.lock().untold);
        if dropped > 0 {
            let (log, since_start) = (self.name, self.dropped.get());
            tracing::warn!(
                log,
                dropped,
                since_start,
                "lines of the log were dropped: whoever reads it did not keep up"
            );
        }
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Writes until all is written or that fails. How much was.
fn write_whole(sink: &mut impl Write, bytes: &[u8]) -> usize {
    let mut written = 0;
    while written < bytes.len() {
        match sink.write(&bytes[written..]) {
            Ok(0) => break,
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Whoever shares the other end may have told it so.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(FULL_PAUSE),
            Err(_) => break,
        }
    }
    written
}
