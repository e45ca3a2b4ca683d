//! The floor at a run's pace: bare writes as seldom as the run's, to sockets whose reader waits.
//!
//! Where writes follow one another without a pause nobody sleeps. At a rate every message finds the reader
//! asleep, or wakes it on another core meanwhile, and the one who writes pays for that.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::floor::open;
use super::inbox::Inbox;
use super::line::Line;
use super::reader::Reader;
use super::tally::{State, Tally};
use super::usage;
use crate::protocol::Encoding;

/// So long is written.
const MEASURE_FOR: Duration = Duration::from_secs(3);

/// How a run writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Sockets in all.
    pub sockets: usize,
    /// Sockets that get one message, one after another.
    pub each: usize,
    /// Messages a second.
    pub rate: f64,
    /// The encoding of the frame, for the reader.
    pub encoding: Encoding,
}

/// Processor time of one bare write at that pace, in microseconds, with the writer's waking for each message.
///
/// # Errors
/// Loopback sockets cannot be opened: too many open files, most likely.
pub fn microseconds_per_write(pace: Pace, frame: &[u8]) -> io::Result<f64> {
    let reader = Reader::start(Arc::new(Tally::default()))?;
    let mut writers = Vec::with_capacity(pace.sockets);
    for (writer, read) in open(pace.sockets)? {
        let line = Line::new(read, pace.encoding, Arc::new(State::default()))?;
        reader.orders().read(Inbox::new(Arc::new(line), Vec::new()).0);
        writers.push(writer);
    }
    let pause = Duration::from_secs_f64(1.0 / pace.rate.max(0.001));
    let groups = writers.len().div_ceil(pace.each.max(1)).max(1);
    let (mut messages, mut writes) = (0_u64, 0_u64);
    let (start, used_before) = (Instant::now(), usage::of_thread());
    while start.elapsed() < MEASURE_FOR {
        std::thread::sleep((start + pause.mul_f64(messages as f64)).saturating_duration_since(Instant::now()));
        let group = messages as usize % groups;
        for writer in writers.iter_mut().skip(group * pace.each).take(pace.each) {
            writer.write_all(frame)?;
            writes += 1;
        }
        messages += 1;
    }
    let used = usage::of_thread().saturating_sub(used_before);
    Ok(used.as_secs_f64() * 1e6 / writes.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_takes_some_time() {
        let pace = Pace { sockets: 5, each: 2, rate: 200.0, encoding: Encoding::Json };
        assert!(microseconds_per_write(pace, b"\x81\x07a frame").unwrap() > 0.0);
    }
}
